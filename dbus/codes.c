/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of all codes: those that a module may report (guide 6.1 to 6.4), those seen in the field, and those of the
 * daemon. All names, explanations and translations of codes come from here. Knows no job. */

#include <string.h>

#include "codes.h"

/* Marks texts for xgettext. fotactl translates them; on the bus they are English. */
#define N_(text) text

#define FTP(n, name, what, cause, remedy, retry)                                                                       \
        {                                                                                                              \
                CODE_DOMAIN_FTP, n, name, what, cause, remedy, retry                                                   \
        }
#define HTTP(n, name, what, cause, remedy, retry)                                                                      \
        {                                                                                                              \
                CODE_DOMAIN_HTTP, n, name, what, cause, remedy, retry                                                  \
        }
#define FILE_(n, name, what, cause, remedy, retry)                                                                     \
        {                                                                                                              \
                CODE_DOMAIN_FILE, n, name, what, cause, remedy, retry                                                  \
        }
#define UPDATE(n, name, what, cause, remedy, retry)                                                                    \
        {                                                                                                              \
                CODE_DOMAIN_UPDATE, n, name, what, cause, remedy, retry                                                \
        }
#define HOST(n, name, what, cause, remedy, retry)                                                                      \
        {                                                                                                              \
                CODE_DOMAIN_HOST, n, name, what, cause, remedy, retry                                                  \
        }

/* clang-format off */
const Code code_table[] = {
        /* Table 3: FTP_err */
        FTP(601, "unknown-error", N_("The FTP download failed for a reason the module does not know"),
            "", N_("check the module's signal and PDP context, then try again"), true),
        FTP(602, "service-blocked", N_("The FTP service is blocked"),
            N_("the network or a firewall stops FTP"), N_("ask the operator whether FTP passes, or use HTTP"), true),
        FTP(603, "service-busy", N_("The module's FTP service is busy"),
            N_("another FTP transfer is under way on the module"), N_("end it, then try again"), true),
        FTP(604, "dns-failed", N_("The module could not resolve the FTP server's name"),
            "", N_("check the host name in the URL and the DNS of the PDP context"), true),
        FTP(605, "network-error", N_("The network failed during the FTP download"),
            N_("no data connection, or a wrong APN"), N_("check registration, signal and APN, then try again"), true),
        FTP(606, "control-connection-closed", N_("The FTP control connection was closed"),
            "", N_("check the server's log and time-outs, then try again"), true),
        FTP(607, "data-connection-closed", N_("The FTP data connection was closed"),
            N_("a firewall between module and server"), N_("check the server's passive ports, then try again"), true),
        FTP(608, "socket-closed-by-peer", N_("The FTP server closed the connection"),
            "", N_("check the server's log, then try again"), true),
        FTP(609, "timeout", N_("The FTP server did not answer in time"),
            "", N_("check that the server is reachable from the mobile network, then try again"), true),
        FTP(610, "invalid-parameter", N_("The module refused a parameter of the FTP download"),
            "", N_("check the URL against the guide's limits of 50 bytes a part"), false),
        FTP(611, "file-open-failed", N_("The package could not be opened on the FTP server"),
            N_("it is not there, or may not be read"),
            N_("check the file's name and rights in the server's root directory"),
            false),
        FTP(612, "path-error", N_("The path of the package on the FTP server is wrong"),
            N_("the guide allows the root directory only"),
            N_("put the package into the server's root directory"), false),
        FTP(613, "file-error", N_("The package on the FTP server could not be read"),
            "", N_("check the file on the server"), false),
        FTP(614, "service-unavailable", N_("The FTP service is not available and closes the control connection"),
            N_("the server is shutting down or full"), N_("check the server, then try again"), true),
        FTP(615, "data-connection-failed", N_("The FTP data connection could not be opened"),
            N_("a firewall between module and server"), N_("open the server's passive ports"), true),
        FTP(616, "transfer-aborted", N_("The connection was closed and the FTP transfer aborted"),
            "", N_("check signal and server, then try again"), true),
        FTP(617, "file-not-requested", N_("The FTP server did not take the request for the package"),
            N_("the file is not available"), N_("check the file on the server"), false),
        FTP(618, "local-error", N_("The FTP server gave the request up because of an error of its own"),
            "", N_("check the server's log, then try again"), true),
        FTP(619, "insufficient-storage", N_("The request was not carried out for want of memory"),
            "", N_("free space in the module's file system and on the server, then try again"), false),
        FTP(620, "command-unrecognized", N_("The FTP server did not recognize a command"),
            "", N_("use another FTP server, or HTTP"), false),
        FTP(621, "parameter-syntax", N_("The FTP server did not accept a parameter"),
            "", N_("check user, password and file name in the URL"), false),
        FTP(622, "command-not-implemented", N_("The FTP server lacks a command that the module needs"),
            "", N_("use another FTP server, or HTTP"), false),
        FTP(623, "bad-command-sequence", N_("The FTP server got its commands in an order it does not take"),
            "", N_("use another FTP server, or HTTP"), true),
        FTP(624, "parameter-not-implemented", N_("The FTP server lacks a parameter that the module needs"),
            "", N_("use another FTP server, or HTTP"), false),
        FTP(625, "login-failed", N_("The login at the FTP server failed"),
            "", N_("check user and password in the URL"), false),
        FTP(626, "account-needed", N_("The FTP server wants an account before it hands out files"),
            "", N_("give the user of the URL the right to read the package"), false),
        FTP(627, "action-not-taken", N_("The FTP server did not carry out the request"),
            N_("the package is not there, or is in use"), N_("check the file on the server"), true),
        FTP(628, "page-type-unknown", N_("The FTP server gave the request up because of an unknown page type"),
            "", N_("use another FTP server, or HTTP"), false),
        FTP(629, "file-action-aborted", N_("The FTP server gave the transfer of the package up"),
            N_("the server's quota or storage"), N_("check the server's log, then try again"), true),

        /* Table 4: HTTP_err */
        HTTP(701, "unknown-error", N_("The HTTP download failed for a reason the module does not know"),
             "", N_("check that the URL works from the mobile network, then try again"), true),
        HTTP(702, "timeout", N_("The HTTP download timed out"),
             "", N_("check that the server is reachable from the mobile network, then try again"), true),
        HTTP(703, "busy", N_("The module's HTTP service is busy"),
             N_("another HTTP transfer is under way on the module"), N_("end it, then try again"), true),
        HTTP(704, "uart-busy", N_("The module's UART is busy with another HTTP transfer"),
             "", N_("end it, then try again"), true),
        HTTP(705, "no-request", N_("The module has sent no HTTP request"),
             "", N_("try again"), true),
        HTTP(706, "network-busy", N_("The network was busy"),
             "", N_("try again later"), true),
        HTTP(707, "network-open-failed", N_("The module could not open its data connection"),
             N_("a wrong APN, no registration, or no credit"),
             N_("check APN, registration and SIM, then try again"), true),
        HTTP(708, "network-not-configured", N_("The module's data connection is not configured"),
             N_("the PDP context of the upgrade has no APN"), N_("give the options cid and apn"), false),
        HTTP(709, "network-deactivated", N_("The module's data connection was deactivated"),
             N_("the network ended it, or another program did"),
             N_("check signal and PDP context, then try again"), true),
        HTTP(710, "network-error", N_("The network failed during the HTTP download"),
             "", N_("check registration and signal, then try again"), true),
        HTTP(711, "url-error", N_("The module rejected the URL, or the server does not have the package"),
             "", N_("check the URL letter by letter, and that the package is published there"), false),
        HTTP(712, "url-empty", N_("The module got an empty URL"),
             "", N_("check the URL"), false),
        HTTP(713, "ip-address-error", N_("The server's IP address is wrong"),
             "", N_("check the address in the URL"), false),
        HTTP(714, "dns-failed", N_("The module could not resolve the server's name"),
             "", N_("check the host name in the URL and the DNS of the PDP context"), true),
        HTTP(715, "socket-create-failed", N_("The module could not create a socket"),
             N_("too many connections on the module"),
             N_("close the module's other connections, then try again"), true),
        HTTP(716, "socket-connect-failed", N_("The module could not connect to the server"),
             N_("the server is down, or a firewall or NAT stops its port"),
             N_("check that host and port are reachable from the mobile network, then try again"), true),
        HTTP(717, "socket-read-failed", N_("The module could not read from the server"),
             N_("the connection broke; newer MiniFOTA firmware also says this of a missing package"),
             N_("check signal and server and that the package is published, then try again"), true),
        HTTP(718, "socket-write-failed", N_("The module could not write to the server"),
             N_("the connection broke"), N_("check signal and server, then try again"), true),
        HTTP(719, "socket-closed", N_("The connection to the server was closed"),
             "", N_("check the server's log and time-outs, then try again"), true),
        HTTP(720, "encode-failed", N_("The module could not encode data for the server"),
             N_("TLS parameters that do not fit"), N_("check the server's TLS settings, or use plain HTTP"), false),
        HTTP(721, "decode-failed", N_("The module could not decode the server's data"),
             N_("TLS or transfer encoding that the module does not know"),
             N_("serve the package uncompressed, check the server's TLS settings, or use plain HTTP"), false),
        HTTP(722, "read-timeout", N_("The server's data did not come in time"),
             N_("weak signal or a slow server"), N_("check signal and server, then try again"), true),
        HTTP(723, "response-failed", N_("The server answered with an error"),
             "", N_("check the server's log for the status it answered"), false),
        HTTP(724, "incoming-call-busy", N_("An incoming call stopped the download"),
             "", N_("try again after the call"), true),
        HTTP(725, "voice-call-busy", N_("A voice call stopped the download"),
             "", N_("try again after the call"), true),
        HTTP(726, "input-timeout", N_("The module waited too long for input"),
             "", N_("try again"), true),
        HTTP(727, "data-timeout", N_("The module waited too long for data"),
             N_("no answer from network, DNS or server"), N_("check signal and server, then try again"), true),
        HTTP(728, "response-timeout", N_("The server did not answer the request in time"),
             "", N_("check the server's load and log, then try again"), true),
        HTTP(729, "out-of-memory", N_("The module ran out of memory"),
             N_("its file system is full"),
             N_("free space there (AT+QFLST, AT+QFDEL), or restart the module, then try again"), true),
        HTTP(730, "invalid-parameter", N_("The module refused a parameter of the HTTP download"),
             "", N_("check the URL"), false),

        /* Seen in the field, but in no table of the guide; their meaning is not public. */
        HTTP(420, "field-420", N_("The HTTP download failed with code 420, which the guide does not list"),
             "", N_("check the server's TLS settings or use plain HTTP, and ask the vendor"), true),
        HTTP(570, "field-570", N_("The HTTP download failed with code 570, which the guide does not list"),
             "", N_("check that the URL works from the mobile network, and ask the vendor"), true),

        /* Table 5: file_err */
        FILE_(500, "download-failed", N_("The module did not take the package from the host"),
              N_("bytes were lost on the line, or their number was wrong"),
              N_("try again, with flow control if possible"),
              true),

        /* Table 6: err */
        UPDATE(504, "update-failed", N_("The module could not update its firmware"),
               "", N_("read which revision runs now, and ask the vendor before trying again"), false),
        UPDATE(505, "package-check-failed", N_("The package failed the module's check"),
               N_("it is damaged, was edited or repacked, or is no package at all"),
               N_("publish the package exactly as the vendor delivered it"), false),
        UPDATE(506, "md5-mismatch", N_("The MD5 of the firmware does not match"),
               N_("the package is damaged, or was made for another build of this revision"),
               N_("ask the vendor for a package made for exactly the revision that runs now"), false),
        UPDATE(507, "version-mismatch", N_("The package was made for another revision than the one that runs"),
               "", N_("ask the vendor for a package from the revision that runs now"), false),
        UPDATE(552, "project-mismatch", N_("The package was made for another model"),
               "", N_("use the package for this model"), false),
        UPDATE(553, "baseline-mismatch", N_("The package was made for another baseline"),
               "", N_("use the package for this model's baseline"), false),

        /* The daemon's own */
        HOST(HOST_CANCELLED, "cancelled", N_("The upgrade was cancelled and the old revision kept"),
             "", N_("start it again when wanted"), true),
        HOST(HOST_MODULE_LOST, "module-lost", N_("The module left the bus and did not come back"),
             N_("it may still be writing its flash, be without power, or sit at another port"),
             N_("keep it powered and look at it before anything else"), false),
        HOST(HOST_MODULE_REPLACED, "module-replaced", N_("Another module was found at the port, with another IMEI"),
             "", N_("check which module stands where, and read the revision of each"), false),
        HOST(HOST_NO_RESPONSE, "no-response", N_("The module did not answer"),
             "", N_("check the module and its AT port, and read its revision before trying again"), true),
        HOST(HOST_DOWNLOAD_TIMEOUT, "download-timeout", N_("The download made no progress"),
             N_("no signal, a stalled server, or lost URCs"), N_("check signal and server, then try again"), true),
        HOST(HOST_UPDATE_TIMEOUT, "update-timeout", N_("The update made no progress"),
             N_("it may still be writing its flash"),
             N_("keep the module powered, and read its revision later"), false),
        HOST(HOST_FELL_BACK, "fell-back", N_("The Mini system gave up and the old firmware runs again"),
             "", N_("check the URL and that the package fits the revision that runs, then start again"), true),
        HOST(HOST_UNCHANGED, "unchanged", N_("The module runs the same revision as before"),
             "", N_("check that the package leads to another revision, then try again"), false),
        HOST(HOST_REVISION_MISMATCH, "revision-mismatch", N_("The module runs another revision than the expected one"),
             "", N_("check which package was published under the URL"), false),
        HOST(HOST_REJECTED, "rejected", N_("The module answered ERROR"),
             "",
             N_("check that this model and revision take such an upgrade and its options, and that no other runs"),
             false),
        HOST(HOST_SOURCE_UNREACHABLE, "source-unreachable", N_("The package could not be downloaded or read"),
             "", N_("check the URL and its server, or give the file again"), true),
        HOST(HOST_INSUFFICIENT_SPACE, "insufficient-space", N_("There is not enough space for the package"),
             "", N_("free space, then try again"), false),
        HOST(HOST_PORT_BUSY, "port-busy", N_("The module's AT port is in use"),
             "", N_("stop that process, then try again"), true),
        HOST(HOST_INTERRUPTED, "interrupted", N_("The upgrade was interrupted"),
             N_("a power cut, a reset by another program, or a crash"),
             N_("read which revision runs, then start again"), true),
        /* In both states the module no longer writes its flash: the boot loader waits for a host, and a crashed module
         * stops to be examined (field facts 1.3). A job ends so only if the module has stayed so for its
         * time-out. */
        HOST(HOST_BOOT_ROM, "boot-rom", N_("The module came back as its chip's boot loader and runs no firmware"),
             "", N_("cycle its power, and if that does not help write it anew with the vendor's tool"), false),
        HOST(HOST_CRASHED, "crashed", N_("The module's DIAG port is there but its AT port is not, as after a crash"),
             "", N_("cycle the module's power, then read its revision"), true),
        HOST(HOST_DISMISSED, "dismissed", N_("The job was dismissed"), "",
             N_("keep the module powered, and read its revision before anything else is done to it"), false),
};
/* clang-format on */

const Code code_unlisted = {
        .name = "unlisted",
        .what = N_("The module reported a code that no table lists"),
        .cause = "",
        .remedy = N_("check the package, its server and the module's signal, and ask the vendor"),
        .retry = true,
};

const size_t code_table_size = sizeof(code_table) / sizeof(code_table[0]);

static const char *const domain_names[_CODE_DOMAIN_MAX] = {
        [CODE_DOMAIN_NONE] = "",     [CODE_DOMAIN_FTP] = "ftp",       [CODE_DOMAIN_HTTP] = "http",
        [CODE_DOMAIN_FILE] = "file", [CODE_DOMAIN_UPDATE] = "update", [CODE_DOMAIN_HOST] = "host",
};

const char *code_domain_to_string(CodeDomain domain)
{
        return (unsigned)domain < _CODE_DOMAIN_MAX ? domain_names[domain] : "";
}

CodeDomain code_domain_from_string(const char *s)
{
        for (int d = 0; d < _CODE_DOMAIN_MAX; d++)
                if (s && strcmp(domain_names[d], s) == 0)
                        return d;
        return CODE_DOMAIN_NONE;
}

const Code *code_find(CodeDomain domain, int number)
{
        for (size_t i = 0; i < code_table_size; i++)
                if (code_table[i].domain == domain && code_table[i].number == number)
                        return &code_table[i];
        return NULL;
}

const Code *code_find_name(CodeDomain domain, const char *name)
{
        for (size_t i = 0; i < code_table_size; i++)
                if ((domain == CODE_DOMAIN_NONE || code_table[i].domain == domain) &&
                    strcmp(code_table[i].name, name) == 0)
                        return &code_table[i];
        return NULL;
}

const char *code_domain_label(CodeDomain domain)
{
        switch (domain) {
        case CODE_DOMAIN_FTP: return "FTP";
        case CODE_DOMAIN_HTTP: return "HTTP";
        case CODE_DOMAIN_FILE: return "file";
        case CODE_DOMAIN_UPDATE: return "update";
        case CODE_DOMAIN_NONE:
        case CODE_DOMAIN_HOST:
        case _CODE_DOMAIN_MAX: return "";
        }
        return "";
}
