# SPDX-License-Identifier: LGPL-2.1-or-later
# fotad-source-check: the only program that links libcurl, and nothing else.
libexec_PROGRAMS += source-check/fotad-source-check
source_check_fotad_source_check_CPPFLAGS = -D_GNU_SOURCE -I$(top_srcdir)/dbus -I$(top_builddir) $(LIBCURL_CFLAGS)
source_check_fotad_source_check_SOURCES = source-check/source-check.c
source_check_fotad_source_check_LDADD = $(LIBCURL_LIBS)
