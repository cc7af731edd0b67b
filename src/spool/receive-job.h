/*
 * receive-job.h: what mailchuted tells a ready receive, and the one line it gets back.
 *
 * mailchuted starts `mailchute-receive MAX-SIZE` once, with MCH_RECEIVE_TEMPLATE_FD: the template.
 * For each packet with one descriptor (a job socket) the template forks a child, which cages itself
 * and waits for its job: "VERSION ID TIME UID HOST" with two descriptors, the client's connection
 * and the empty file tmp/ID. The child answers "done" (the file is complete and on disk) or
 * "refuse CODE TEXT", and exits. It never serves a second connection.
 */
#pragma once

#define MCH_RECEIVE_TEMPLATE_FD 3
#define MCH_RECEIVE_JOB_MAX	512
#define MCH_RECEIVE_ANSWER_MAX	1024
