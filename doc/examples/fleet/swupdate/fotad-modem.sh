#!/bin/sh
# SPDX-License-Identifier: 0BSD
#
# Script of an SWUpdate image, of type "shellscript", that upgrades a cellular module with fotad. SWUpdate calls it with
# "preinst" before it installs the files of the image, and with "postinst" afterwards; newer versions call it with
# "failure" if the installation has failed. The second argument is the property data of sw-description, the identity of
# the image, which is the request id of the upgrade: an image that is installed again, as suricatta does when it has lost
# its state, starts nothing, and fails or succeeds as before. A new attempt needs an image with another identity.
set -u

directory=${FOTAD_FLEET_DIRECTORY:-/var/lib/fotad-fleet} # of the files in sw-description
patience=${FOTAD_FLEET_PATIENCE:-300}                    # seconds to wait for a module that is not there yet

fail() { # SWUpdate reports what its scripts print to standard error
    echo "fotad-modem: $*" >&2
    exit 1
}

case ${1-} in
preinst)
    [ -n "${2-}" ] || fail "sw-description has no data= for this script"
    mkdir -p "$directory" || fail "$directory cannot be made"
    rm -f "$directory/modem.conf"
    ;;
postinst)
    fotactl schedule run --directory "$directory" --patience "$patience" --request-id "$2" modem
    status=$?
    # 4: the bus or fotad is gone. 6: fotactl was ended. The upgrade goes on: that is no success, and the image may be
    # installed again.
    case $status in
    0) ;;
    4) fail "fotad cannot be asked, and the upgrade may go on: install the image again to follow it" ;;
    6) fail "the upgrade still runs: install the image again to follow it" ;;
    *) exit 1 ;;
    esac
    ;;
failure) ;;
*)
    fail "called without preinst or postinst: the type in sw-description must be shellscript"
    ;;
esac
exit 0
