#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Run by OSS-Fuzz in the tree of sources, with CC, CXX, CFLAGS, LIB_FUZZING_ENGINE and OUT in the environment: builds the
# targets into OUT, each with its corpus and the shared libraries that it needs.
set -eu
source=$PWD
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

[ -x configure ] || autoreconf -fi
cd "$build"
"$source/configure" LIB_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" LDFLAGS="${LDFLAGS-} -Wl,-rpath,'\$\$ORIGIN/lib'"
make -j"$(nproc)" fuzzers CCLD="$CXX" # an engine may be C++
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
