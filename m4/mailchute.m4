# mailchute.m4: the probes that configure.ac is written in.

# MCH_REQUIRE(VAR, MODULE, DEBIAN, FEDORA, ALPINE, ARCH): a library we cannot do without.
AC_DEFUN([MCH_REQUIRE], [PKG_CHECK_MODULES([$1], [$2], [], [AC_MSG_ERROR([
  $2 was not found (pkg-config said: $$1_PKG_ERRORS)
  Install it:  Debian/Ubuntu: apt install $3     Fedora: dnf install $4
               Alpine: apk add $5                Arch: pacman -S $6
  or run ./quickstart, which installs what is missing.])])])

# MCH_FEATURE(NAME, HELP, DEFAULT): --enable-NAME
AC_DEFUN([MCH_FEATURE], [AC_ARG_ENABLE([$1], AS_HELP_STRING([--enable-$1], [$2 ($3)]), [],
  [AS_VAR_SET([enable_]m4_translit([$1], [-], [_]), [$3])])])

# MCH_TRY_CFLAG(VAR, FLAG), MCH_TRY_LDFLAG(VAR, FLAG): keep FLAG where the compiler takes it silently.
AC_DEFUN([MCH_TRY_CFLAG], [
  AC_MSG_CHECKING([whether $CC takes $2])
  mch_saved=$CFLAGS; CFLAGS="$CFLAGS -Werror $2"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes]); $1="$$1 $2"], [AC_MSG_RESULT([no])])
  CFLAGS=$mch_saved])
AC_DEFUN([MCH_TRY_LDFLAG], [
  AC_MSG_CHECKING([whether the linker takes $2])
  mch_saved=$LDFLAGS; mch_saved_c=$CFLAGS; LDFLAGS="$LDFLAGS $2"; CFLAGS="$CFLAGS -fPIE"
  AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes]); $1="$$1 $2"], [AC_MSG_RESULT([no])])
  LDFLAGS=$mch_saved; CFLAGS=$mch_saved_c])

# MCH_FORTIFY: the highest _FORTIFY_SOURCE that this libc knows.
AC_DEFUN([MCH_FORTIFY], [
  HARDEN_CPPFLAGS=
  for mch_level in 3 2; do
    mch_saved=$CFLAGS
    CFLAGS="$CFLAGS -O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$mch_level"
    AC_MSG_CHECKING([for _FORTIFY_SOURCE=$mch_level])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]])],
      [AC_MSG_RESULT([yes]); CFLAGS=$mch_saved
       case " $CFLAGS " in *" -O0 "*) ;;
       *) HARDEN_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$mch_level";; esac
       break],
      [AC_MSG_RESULT([no])])
    CFLAGS=$mch_saved
  done
  AC_SUBST([HARDEN_CPPFLAGS])])

# MCH_NEED_LIBFUZZER: --enable-fuzzing without clang is an error said early.
AC_DEFUN([MCH_NEED_LIBFUZZER], [
  AC_MSG_CHECKING([for libFuzzer])
  mch_saved=$CFLAGS; CFLAGS="$CFLAGS -fsanitize=fuzzer"
  AC_LINK_IFELSE([AC_LANG_SOURCE([[#include <stdint.h>
    #include <stddef.h>
    int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n); int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) { (void)d; (void)n; return 0; }]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([--enable-fuzzing needs clang with libFuzzer: CC=clang ./configure --enable-fuzzing (Debian: clang libclang-rt-dev)])])
  CFLAGS=$mch_saved])

# MCH_STATIC_GLIB: FRONT_GLIB_LIBS, static where libglib-2.0.a and what it needs are here.
AC_DEFUN([MCH_STATIC_GLIB], [
  FRONT_GLIB_LIBS=$GLIB_LIBS
  mch_static_glib_says="shared"
  AS_IF([test "$enable_static_glib" != no], [
    AC_MSG_CHECKING([whether GLib can be linked statically])
    mch_all=`$PKG_CONFIG --static --libs-only-l glib-2.0`
    mch_static=
    for mch_lib in $mch_all; do
      case $mch_lib in
        -lglib-2.0|-lpcre*|-lintl|-liconv) mch_static="$mch_static -Wl,-Bstatic $mch_lib -Wl,-Bdynamic" ;;
        *) mch_static="$mch_static $mch_lib" ;;
      esac
    done
    mch_saved=$LIBS; mch_saved_c=$CFLAGS; LIBS="$mch_static $LIBS"; CFLAGS="$CFLAGS $GLIB_CFLAGS"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <glib.h>]], [[g_free(g_strdup("x"));]])],
      [AC_MSG_RESULT([yes]); FRONT_GLIB_LIBS=$mch_static; mch_static_glib_says="static"],
      [AC_MSG_RESULT([no])
       AS_IF([test "$enable_static_glib" = yes],
         [AC_MSG_ERROR([--enable-static-glib: libglib-2.0.a or libpcre2-8.a is missing])])])
    LIBS=$mch_saved; CFLAGS=$mch_saved_c])
  AC_SUBST([FRONT_GLIB_LIBS])])
