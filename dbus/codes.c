/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one table of all codes: what a module may report (guide 6.1 to 6.4), what was seen in the field beyond it, and
 * what the daemon itself concludes. Everything that names, explains or translates a code reads it here. It decides
 * nothing and knows no job. */

#include <string.h>

#include "codes.h"

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
        FTP(601, "unknown-error", "The FTP download failed for a reason the module does not know",
            "", "check the module's signal and PDP context, then try again", true),
        FTP(602, "service-blocked", "The FTP service is blocked",
            "the network or a firewall stops FTP", "ask the operator whether FTP passes, or use HTTP", true),
        FTP(603, "service-busy", "The module's FTP service is busy",
            "another FTP transfer is under way on the module", "end it, then try again", true),
        FTP(604, "dns-failed", "The module could not resolve the FTP server's name",
            "", "check the host name in the URL and the DNS of the PDP context", true),
        FTP(605, "network-error", "The network failed during the FTP download",
            "no data connection, or a wrong APN", "check registration, signal and APN, then try again", true),
        FTP(606, "control-connection-closed", "The FTP control connection was closed",
            "", "check the server's log and time-outs, then try again", true),
        FTP(607, "data-connection-closed", "The FTP data connection was closed",
            "a firewall between module and server", "check the server's passive ports, then try again", true),
        FTP(608, "socket-closed-by-peer", "The FTP server closed the connection",
            "", "check the server's log, then try again", true),
        FTP(609, "timeout", "The FTP server did not answer in time",
            "", "check that the server is reachable from the mobile network, then try again", true),
        FTP(610, "invalid-parameter", "The module refused a parameter of the FTP download",
            "", "check the URL against the guide's limits of 50 bytes a part", false),
        FTP(611, "file-open-failed", "The package could not be opened on the FTP server",
            "it is not there, or may not be read", "check the file's name and rights in the server's root directory",
            false),
        FTP(612, "path-error", "The path of the package on the FTP server is wrong",
            "the guide allows the root directory only", "put the package into the server's root directory", false),
        FTP(613, "file-error", "The package on the FTP server could not be read",
            "", "check the file on the server", false),
        FTP(614, "service-unavailable", "The FTP service is not available and closes the control connection",
            "the server is shutting down or full", "check the server, then try again", true),
        FTP(615, "data-connection-failed", "The FTP data connection could not be opened",
            "a firewall between module and server", "open the server's passive ports", true),
        FTP(616, "transfer-aborted", "The connection was closed and the FTP transfer aborted",
            "", "check signal and server, then try again", true),
        FTP(617, "file-not-requested", "The FTP server did not take the request for the package",
            "the file is not available", "check the file on the server", false),
        FTP(618, "local-error", "The FTP server gave the request up because of an error of its own",
            "", "check the server's log, then try again", true),
        FTP(619, "insufficient-storage", "The request was not carried out for want of memory",
            "", "free space in the module's file system and on the server, then try again", false),
        FTP(620, "command-unrecognized", "The FTP server did not recognize a command",
            "", "use another FTP server, or HTTP", false),
        FTP(621, "parameter-syntax", "The FTP server did not accept a parameter",
            "", "check user, password and file name in the URL", false),
        FTP(622, "command-not-implemented", "The FTP server lacks a command that the module needs",
            "", "use another FTP server, or HTTP", false),
        FTP(623, "bad-command-sequence", "The FTP server got its commands in an order it does not take",
            "", "use another FTP server, or HTTP", true),
        FTP(624, "parameter-not-implemented", "The FTP server lacks a parameter that the module needs",
            "", "use another FTP server, or HTTP", false),
        FTP(625, "login-failed", "The login at the FTP server failed",
            "", "check user and password in the URL", false),
        FTP(626, "account-needed", "The FTP server wants an account before it hands out files",
            "", "give the user of the URL the right to read the package", false),
        FTP(627, "action-not-taken", "The FTP server did not carry out the request",
            "the package is not there, or is in use", "check the file on the server", true),
        FTP(628, "page-type-unknown", "The FTP server gave the request up because of an unknown page type",
            "", "use another FTP server, or HTTP", false),
        FTP(629, "file-action-aborted", "The FTP server gave the transfer of the package up",
            "the server's quota or storage", "check the server's log, then try again", true),

        /* Table 4: HTTP_err */
        HTTP(701, "unknown-error", "The HTTP download failed for a reason the module does not know",
             "", "check that the URL works from the mobile network, then try again", true),
        HTTP(702, "timeout", "The HTTP download timed out",
             "", "check that the server is reachable from the mobile network, then try again", true),
        HTTP(703, "busy", "The module's HTTP service is busy",
             "another HTTP transfer is under way on the module", "end it, then try again", true),
        HTTP(704, "uart-busy", "The module's UART is busy with another HTTP transfer",
             "", "end it, then try again", true),
        HTTP(705, "no-request", "The module has sent no HTTP request",
             "", "try again", true),
        HTTP(706, "network-busy", "The network was busy",
             "", "try again later", true),
        HTTP(707, "network-open-failed", "The module could not open its data connection",
             "a wrong APN, no registration, or no credit", "check APN, registration and SIM, then try again", true),
        HTTP(708, "network-not-configured", "The module's data connection is not configured",
             "the PDP context of the upgrade has no APN", "give the options cid and apn", false),
        HTTP(709, "network-deactivated", "The module's data connection was deactivated",
             "the network ended it, or another program did", "check signal and PDP context, then try again", true),
        HTTP(710, "network-error", "The network failed during the HTTP download",
             "", "check registration and signal, then try again", true),
        HTTP(711, "url-error", "The module rejected the URL, or the server does not have the package",
             "", "check the URL letter by letter, and that the package is published there", false),
        HTTP(712, "url-empty", "The module got an empty URL",
             "", "check the URL", false),
        HTTP(713, "ip-address-error", "The server's IP address is wrong",
             "", "check the address in the URL", false),
        HTTP(714, "dns-failed", "The module could not resolve the server's name",
             "", "check the host name in the URL and the DNS of the PDP context", true),
        HTTP(715, "socket-create-failed", "The module could not create a socket",
             "too many connections on the module", "close the module's other connections, then try again", true),
        HTTP(716, "socket-connect-failed", "The module could not connect to the server",
             "the server is down, or a firewall or NAT stops its port",
             "check that host and port are reachable from the mobile network, then try again", true),
        HTTP(717, "socket-read-failed", "The module could not read from the server",
             "the connection broke; newer MiniFOTA firmware also says this of a missing package",
             "check signal and server and that the package is published, then try again", true),
        HTTP(718, "socket-write-failed", "The module could not write to the server",
             "the connection broke", "check signal and server, then try again", true),
        HTTP(719, "socket-closed", "The connection to the server was closed",
             "", "check the server's log and time-outs, then try again", true),
        HTTP(720, "encode-failed", "The module could not encode data for the server",
             "TLS parameters that do not fit", "check the server's TLS settings, or use plain HTTP", false),
        HTTP(721, "decode-failed", "The module could not decode the server's data",
             "TLS or transfer encoding that the module does not know",
             "serve the package uncompressed, check the server's TLS settings, or use plain HTTP", false),
        HTTP(722, "read-timeout", "The server's data did not come in time",
             "weak signal or a slow server", "check signal and server, then try again", true),
        HTTP(723, "response-failed", "The server answered with an error",
             "", "check the server's log for the status it answered", false),
        HTTP(724, "incoming-call-busy", "An incoming call stopped the download",
             "", "try again after the call", true),
        HTTP(725, "voice-call-busy", "A voice call stopped the download",
             "", "try again after the call", true),
        HTTP(726, "input-timeout", "The module waited too long for input",
             "", "try again", true),
        HTTP(727, "data-timeout", "The module waited too long for data",
             "no answer from network, DNS or server", "check signal and server, then try again", true),
        HTTP(728, "response-timeout", "The server did not answer the request in time",
             "", "check the server's load and log, then try again", true),
        HTTP(729, "out-of-memory", "The module ran out of memory",
             "", "restart the module, then try again", true),
        HTTP(730, "invalid-parameter", "The module refused a parameter of the HTTP download",
             "", "check the URL", false),

        /* Seen in the field, in no table; what stands behind them is not public. */
        HTTP(420, "field-420", "The HTTP download failed with code 420, which the guide does not list",
             "", "check the server's TLS settings or use plain HTTP, and ask the vendor", true),
        HTTP(570, "field-570", "The HTTP download failed with code 570, which the guide does not list",
             "", "check that the URL works from the mobile network, and ask the vendor", true),

        /* Table 5: file_err */
        FILE_(500, "download-failed", "The module did not take the package from the host",
              "bytes were lost on the line, or their number was wrong", "try again, with flow control if possible",
              true),

        /* Table 6: err */
        UPDATE(504, "update-failed", "The module could not update its firmware",
               "", "read which revision runs now, and ask the vendor before trying again", false),
        UPDATE(505, "package-check-failed", "The package failed the module's check",
               "it is damaged, was edited or repacked, or is no package at all",
               "publish the package exactly as the vendor delivered it", false),
        UPDATE(506, "md5-mismatch", "The MD5 of the firmware does not match",
               "the package is damaged, or was made for another build of this revision",
               "ask the vendor for a package made for exactly the revision that runs now", false),
        UPDATE(507, "version-mismatch", "The package was made for another revision than the one that runs",
               "", "ask the vendor for a package from the revision that runs now", false),
        UPDATE(552, "project-mismatch", "The package was made for another model",
               "", "use the package for this model", false),
        UPDATE(553, "baseline-mismatch", "The package was made for another baseline",
               "", "use the package for this model's baseline", false),

        /* Ours */
        HOST(HOST_CANCELLED, "cancelled", "The upgrade was cancelled and the old revision kept",
             "", "start it again when wanted", true),
        HOST(HOST_MODULE_LOST, "module-lost", "The module left the bus and did not come back",
             "it may still be writing its flash, be without power, or sit at another port",
             "keep it powered and look at it before anything else", false),
        HOST(HOST_MODULE_REPLACED, "module-replaced", "Another module was found at the port, with another IMEI",
             "", "check which module stands where, and read the revision of each", false),
        HOST(HOST_NO_RESPONSE, "no-response", "The module did not answer",
             "", "check the module and its AT port, and read its revision before trying again", true),
        HOST(HOST_DOWNLOAD_TIMEOUT, "download-timeout", "The download made no progress",
             "no signal, a stalled server, or lost URCs", "check signal and server, then try again", true),
        HOST(HOST_UPDATE_TIMEOUT, "update-timeout", "The update made no progress",
             "it may still be writing its flash", "keep the module powered, and read its revision later", false),
        HOST(HOST_FELL_BACK, "fell-back", "The Mini system gave up and the old firmware runs again",
             "", "check the URL and that the package fits the revision that runs, then start again", true),
        HOST(HOST_UNCHANGED, "unchanged", "The module runs the same revision as before",
             "", "check that the package leads to another revision, then try again", false),
        HOST(HOST_REVISION_MISMATCH, "revision-mismatch", "The module runs another revision than the expected one",
             "", "check which package was published under the URL", false),
        HOST(HOST_REJECTED, "rejected", "The module answered ERROR",
             "", "check that this model and revision can be upgraded this way, and that no other upgrade runs", false),
        HOST(HOST_SOURCE_UNREACHABLE, "source-unreachable", "The package could not be had from its server",
             "", "check the URL and the server", true),
        HOST(HOST_INSUFFICIENT_SPACE, "insufficient-space", "There is not enough space for the package",
             "", "free space, then try again", false),
        HOST(HOST_PORT_BUSY, "port-busy", "The module's AT port is in use",
             "", "stop that process, then try again", true),
        HOST(HOST_INTERRUPTED, "interrupted", "The upgrade was interrupted",
             "a power cut, a reset by another program, or a crash", "read which revision runs, then start again", true),
        HOST(HOST_BOOT_ROM, "boot-rom", "The module came back as its chip's boot loader and runs no firmware",
             "", "cycle its power, and if that does not help write it anew with the vendor's tool", false),
        HOST(HOST_CRASHED, "crashed", "The module's DIAG port is there but its AT port is not, as after a crash",
             "", "cycle the module's power, then read its revision", true),
};
/* clang-format on */

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
