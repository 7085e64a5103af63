#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Run by OSS-Fuzz in the tree of sources, with CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE and OUT in the environment:
# builds the targets into OUT, each with its corpus and the shared libraries that it needs. The same by hand, from the
# top of a tree that is not configured:
#
#   mkdir /tmp/out
#   env CC=clang CXX=clang++ CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,address" CXXFLAGS="-fsanitize=address" \
#     LIB_FUZZING_ENGINE=-fsanitize=fuzzer OUT=/tmp/out tests/fuzz/oss-fuzz/build.sh
#   /tmp/out/fuzz-url -runs=1000
set -eu
source=$PWD
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

[ -x configure ] || autoreconf -fi
cd "$build"
# The libraries need others of that directory, for which the linker's newer tag is not used.
"$source/configure" LIB_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" \
  LDFLAGS="${LDFLAGS-} -Wl,--disable-new-dtags,-rpath,'\$\$ORIGIN/lib'"
make -j"$(nproc)" fuzzers CCLD="$CXX ${CXXFLAGS-}" # an engine may be C++
mkdir -p "$OUT/lib"
targets=$(make -s --eval='print-targets: ; @echo $(FUZZ_TARGETS)' print-targets)
for program in $targets; do
  name=${program##*/fuzz-}
  cp "$program" "$OUT/"
  (cd "$source/tests/fuzz/corpus/$name" && zip -q -r "$OUT/fuzz-${name}_seed_corpus.zip" .)
  # libc's own libraries are those of the image.
  ldd "$program" | awk '$3 ~ /^\// && $1 !~ /^lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+)\.so/ { print $3 }' |
    xargs -r cp -L -t "$OUT/lib"
done
