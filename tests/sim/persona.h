/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A persona holds all differences between modules, and every fault that a module must show: a set of plain key=value
 * settings. The table below has the kind, the default and the meaning of each; --help and the README's table are
 * printed from it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "core/record/recording.h"

/* X(identifier, key, kind, default, help). A kind is "text", "number" (not negative), "flag" (0 or 1), "words"
 * (separated by '/'), or the allowed words separated by '|'. */
/* clang-format off */
#define PERSONA_KEYS(X) \
        X(MANUFACTURER, "manufacturer", "text", "Quectel", "the answer to ATI and AT+CGMI") \
        X(MODEL, "model", "text", "EC200A", "the answer to ATI and AT+CGMM") \
        X(REVISION, "revision", "text", "EC200AEUHAR01A02M16", "firmware revision now; an upgrade changes it") \
        X(BUILD, "build", "text", "01.001.01.001", "build that AT+QGMR appends to the revision") \
        X(BUILD_AFTER, "build-after", "text", "", "build after an upgrade, empty: unchanged") \
        X(QGMR, "qgmr", "build|plain|error", "build", "AT+QGMR: revision and build, the bare revision, ERROR") \
        X(GMR, "gmr", "ok|error", "ok", "ATI, AT+GMR and AT+CGMR; error: AT+QGMR alone gives the revision") \
        X(QGMR_NOT_READY, "qgmr-not-ready", "number", "0", "the first n AT+QGMR after a boot end in .00.000") \
        X(IMEI, "imei", "text", "867710050000013", "the answer to AT+CGSN") \
        X(BASELINE, "baseline", "text", "", "baseline a package must name, empty: the revision up to its Rnn") \
        X(METHOD, "method", "dfota|minifota", "dfota", "how it upgrades") \
        X(FTP, "ftp", "flag", "1", "AT+QFOTADL takes ftp:// URLs") \
        X(HTTPS, "https", "flag", "0", "1: so does it https://, with method minifota, but never a module of 2 MB") \
        X(UFS_FREE, "ufs-free", "number", "8388608", "bytes free in UFS; a larger package fails to download") \
        X(UFS_TOTAL, "ufs-total", "number", "10485760", "bytes of UFS in all") \
        \
        X(PID, "pid", "text", "6005", "USB product id, hexadecimal") \
        X(PORTS, "ports", "words", "diag/at/modem", "serial ports of the normal system") \
        X(DIAG_IF, "diag-if", "number", "2", "interface number of DIAG") \
        X(AT_IF, "at-if", "number", "3", "interface number of the AT port") \
        X(MODEM_IF, "modem-if", "number", "4", "interface number of the modem port") \
        X(LABELS, "labels", "flag", "1", "interfaces carry their strings (Mobile AT Interface, ...)") \
        X(NETWORK, "network", "flag", "1", "interfaces 0 and 1 are a network adapter") \
        X(USB_MANUFACTURER, "usb-manufacturer", "text", "Android", "USB manufacturer string") \
        X(USB_PRODUCT, "usb-product", "text", "Android", "USB product string") \
        X(SERIAL, "serial", "text", "0000", "USB serial number") \
        X(UPDATER_PID, "updater-pid", "text", "", "product id inside the updater, empty: the same") \
        X(UPDATER_PORTS, "updater-ports", "words", "", "serial ports of the updater, empty: the same; none: no tty") \
        X(UPDATER_USB, "updater-usb", "flag", "1", "0: the updater is not seen on USB") \
        X(MINI_PID, "mini-pid", "text", "", "product id in the Mini systems, empty: the same") \
        X(MINI_VID, "mini-vid", "text", "", "vendor id there, empty: 2c7c") \
        X(MINI_PORTS, "mini-ports", "words", "", "serial ports of the Mini systems, empty: the same; none: no tty") \
        X(MINI_USB, "mini-usb", "flag", "1", "0: the Mini systems are not seen on USB") \
        X(ADAPTER, "adapter", "flag", "1", "0: the serial port of the module is not there when the simulator starts") \
        X(ATTACHED, "attached", "flag", "1", "plugged in when the simulator starts") \
        X(BOUND, "bound", "flag", "1", "0: no driver has its product id, there is no tty") \
        X(APPEAR, "appear", "normal|diag|boot-rom", "normal", "how it enumerates: diag, a crashed module with DIAG alone; boot-rom, 2ecc:3004") \
        X(LOADER, "loader", "text", "", "ids of a boot loader without tty that shows first at each boot, 2ecc:3001; empty: none") \
        X(LOADER_TIME, "loader-time", "number", "20", "ms for which it shows") \
        X(SAME_NUMBERS, "same-numbers", "flag", "0", "1: the ttys come back under their old numbers when those are free") \
        X(ORDER, "order", "normal|reverse", "normal", "order in which the ttys arrive") \
        X(GAP, "gap", "number", "0", "ms from one tty to the next when it enumerates") \
        X(HANGUP, "hangup", "before|after", "before", "ttys hang up before the remove events, or after them") \
        X(COOKED, "cooked", "flag", "0", "1: ttys start with ECHO and ICANON on, as a kernel's do, until the host sets them raw") \
        X(UNOPENED, "unopened", "lose|keep", "lose", "bytes to a tty that no program has open") \
        \
        X(ECHO, "echo", "flag", "1", "command echo after a boot") \
        X(CMEE, "cmee", "number", "1", "AT+CMEE after a boot") \
        X(DELAY, "delay", "number", "0", "ms before every answer") \
        X(MUTE, "mute", "number", "0", "ms after its return in which the AT ports swallow everything") \
        X(MODEM_AT, "modem-at", "flag", "1", "0: the modem port swallows everything") \
        X(UPDATER_AT, "updater-at", "flag", "0", "1: the updater answers AT commands") \
        X(MINI_AT, "mini-at", "upgrade|none|full", "upgrade", "AT in the Mini systems: what an upgrade needs; swallowed; as in the normal system") \
        X(MINI_REVISION, "mini-revision", "text", "", "revision they report, empty: ERROR (full: the old one); same: the old one; new: the package's in the new one") \
        X(MINI_IMEI, "mini-imei", "flag", "0", "1: they answer AT+CGSN with mini-at=upgrade, too") \
        X(MINI_SMS, "mini-sms", "flag", "0", "1: they answer AT+CMGF and AT+CPMS with mini-at=full") \
        X(MINI_SERVICES, "mini-services", "flag", "0", "1: they answer AT+CPBS and AT+CSSN with mini-at=full") \
        X(MINI_BOOT_URCS, "mini-boot-urcs", "words", "", "lines printed by each of their boots") \
        X(SMS, "sms", "flag", "1", "0: AT+CMGF and AT+CPMS are refused by the normal system too") \
        X(SERVICES, "services", "flag", "1", "0: AT+CPBS and AT+CSSN are refused by the normal system too") \
        X(USBNET, "usbnet", "flag", "1", "0: AT+QCFG=\"usbnet\" is refused by the normal system too") \
        X(CFUN_BOOT, "cfun-boot", "number", "1", "AT+CFUN after a boot") \
        X(SIM, "sim", "text", "READY", "the answer to AT+CPIN?") \
        X(REGISTERED, "registered", "number", "1", "network registration state, 1 and 5 have a network; without, a running download fails at once") \
        X(EPS_REGISTERED, "eps-registered", "text", "", "the answer to AT+CEREG? in its place, empty: the same") \
        X(CSQ, "csq", "text", "24,99", "the answer to AT+CSQ while the radio is on") \
        X(NETDEV, "netdev", "text", "", "the answer to AT+QNETDEVCTL?, the host's own data; empty: ERROR") \
        X(BOOT_URCS, "boot-urcs", "words", "RDY/+CFUN: 1/+CPIN: READY/+QUSIM: 1/+QIND: SMS DONE/+QIND: PB DONE", "lines printed by each boot") \
        X(URCPORT, "urcport", "usbat|usbmodem|uart1|uart2|all", "usbat", "where URCs go (AT+QURCCFG, kept over boots)") \
        X(URCPORT_AFTER, "urcport-after", "text", "", "urcport after an upgrade, empty: unchanged") \
        X(UPDATER_URCPORT, "updater-urcport", "nvram|usbat|usbmodem|uart1|all", "nvram", "where the updater's URCs go, nvram: as urcport") \
        X(QINDCFG, "qindcfg", "ok|error", "ok", "answer to AT+QINDCFG; error: there is no such command") \
        X(QIND, "qind", "flag", "1", "AT+QINDCFG=\"all\" after a boot; while it is 0 no +QIND line is printed; flash") \
        X(QIND_FOTA, "qind-fota", "none|0|1", "none", "the same for the item \"FOTA\"; none: there is no such item") \
        X(FOTA_CID, "fota-cid", "number", "1", "AT+QCFG=\"fota/cid\"") \
        X(NEEDS_PDP, "needs-pdp", "flag", "0", "1: a download needs AT+QIACT of that context first") \
        X(QIACT, "qiact", "ok|error", "ok", "answer to AT+QIACT=n") \
        X(QFOTADL_TEST, "qfotadl-test", "text", "full", "answer to AT+QFOTADL=?: full, ok, error, or the line itself, +QFOTADL: ...") \
        X(USBIFC, "usbifc", "text", "0,0", "AT+QCFG=\"usbifc\", flow control on the USB AT port; flash") \
        X(USBIFC_ANSWER, "usbifc-answer", "ok|error|ignored", "ok", "answer to its setting; ignored: OK, and nothing done") \
        X(IFC, "ifc", "text", "0,0", "AT+IFC, flow control on the main UART; flash; empty: AT+IFC? is refused") \
        X(BAUD, "baud", "number", "115200", "speed of the main UART of a module at a serial port") \
        X(WIRES, "wires", "flag", "1", "0: the serial port has no RTS and CTS: with ifc 2,2 the module is silent") \
        X(LINE_SPEED, "line-speed", "flag", "0", "1: it takes no more bytes than that line carries, and holds the host up") \
        X(IFC_ANSWER, "ifc-answer", "ok|error|ignored", "ok", "answer to its setting") \
        \
        X(DOWNLOAD_STYLE, "download-style", "index|percent|none", "index", "DOWNLOADING counts up to the maximum, in percent (2,4..100), or not at all") \
        X(DOWNLOAD_MAX, "download-max", "number", "50", "<download_URC_max> when the command names none") \
        X(UPDATING, "updating", "words", "1-100", "UPDATING series: a range or numbers, 8/16/25/91") \
        X(MINI_UPDATING, "mini-updating", "words", "2/7/13/21/30/39/49/60", "UPDATING series while .mini_1 is installed") \
        X(MINI_UPDATING_2, "mini-updating-2", "words", "60/64/68/76/84/92/96", "UPDATING series of .mini_2: first to last are the fetch from beginning to end") \
        X(UPDATE_MAX, "update-max", "ignored|obeyed", "ignored", "<update_URC_max> of the command") \
        X(HTTPS_WORD, "https-word", "HTTP|HTTPS", "HTTP", "word in front of START and END for an https:// URL") \
        X(BLANK, "blank", "flag", "0", "1: a blank inside the quotes, \" DOWNLOADING\"") \
        X(URC_WRITE, "urc-write", "whole|split|coalesced", "whole", "URCs in one write each, in two, or several in one") \
        X(NOISE, "noise", "flag", "0", "1: garbage, NULs and a line of 5000 bytes before START and END lines") \
        X(INSIDE, "inside", "text", "", "a URC put in the middle of every answer that has text") \
        \
        X(PACE, "pace", "fast|real", "fast", "sets boot ... drain below at once: for tests, or for the eye (20 s)") \
        X(SPEED, "speed", "number", "1", "of a recording that is played: its times are divided by this") \
        X(BOOT, "boot", "number", "50", "ms from enumeration to the first URC") \
        X(STEP, "step", "number", "5", "ms between one thing and the next") \
        X(ACCEPT, "accept", "number", "0", "ms before the OK of AT+QFOTADL: a late OK") \
        X(START_DELAY, "start-delay", "number", "10", "ms from that OK to HTTPSTART") \
        X(DOWNLOAD_STEP, "download-step", "number", "1", "ms between DOWNLOADING lines at least") \
        X(CHECK, "check", "number", "10", "ms for checking the package") \
        X(UPDATE_STEP, "update-step", "number", "2", "ms between UPDATING lines") \
        X(OFF, "off", "number", "100", "ms off the bus") \
        X(LINGER, "linger", "number", "10", "ms from the last URC before a restart to the restart") \
        X(ABORT, "abort", "number", "30", "ms from AT+CFUN=0 to the end of a download") \
        X(DRAIN, "drain", "number", "1000", "ms that a restart waits for the host to have read everything, 0: not at all") \
        X(MINI_RETRY, "mini-retry", "number", "50", "ms from a failed fetch to the next in the Mini systems") \
        \
        X(MINI_TRIES, "mini-tries", "number", "3", "fetches that brought no header until the old Mini system gives up") \
        X(MINI_RETRY_RESTARTS, "mini-retry-restarts", "flag", "0", "1: where it retries for ever it restarts each time") \
        X(MINI_TELLS, "mini-tells", "flag", "0", "1: the old Mini system prints xxxEND,<code> for a failed fetch, END,<code> for a wrong header") \
        X(MINI_PROBES_URL, "mini-probes-url", "flag", "0", "1: the normal system tries the URL first; xxxEND,<code> and nothing else if that fails") \
        X(RATE, "rate", "number", "0", "download limit in bytes/s, 0: none") \
        X(CONNECT_TIMEOUT, "connect-timeout", "number", "10000", "ms") \
        X(READ_TIMEOUT, "read-timeout", "number", "30000", "ms without a byte from the server (whole seconds count)") \
        X(FILE_IDLE, "file-idle", "number", "5000", "ms without a byte of a FILE: package until FILEEND,500") \
        X(FILE_RATE, "file-rate", "number", "0", "bytes/s at which it takes such a package with flow control on both sides, 0: as they come") \
        X(FILE_RATE_LIMIT, "file-rate-limit", "number", "15000", "bytes/s at which it takes one without, 0: as they come; more is lost") \
        X(FILE_BUFFER, "file-buffer", "number", "512", "bytes that it keeps waiting then") \
        X(FILE_BURST, "file-burst", "number", "32", "bytes of one write that it takes then, 0: any number; the rest of it is lost") \
        X(TLS_VERIFY, "tls-verify", "flag", "0", "1: check the server's certificate") \
        X(TLS_CA, "tls-ca", "text", "", "file of certificates to trust, empty: the system's") \
        \
        X(HTTP_CODE, "http-code", "number", "0", "force HTTPEND,<code>") \
        X(FTP_CODE, "ftp-code", "number", "0", "force FTPEND,<code>") \
        X(FILE_CODE, "file-code", "number", "0", "force FILEEND,<code>") \
        X(CHECK_CODE, "check-code", "number", "0", "force END,<code> of the package check; a Mini system takes every package for a bad one") \
        X(UPDATE_CODE, "update-code", "number", "0", "force END,<code> of the updater; the old firmware stays, with minifota the old Mini system") \
        X(QFOTADL, "qfotadl", "ok|error|silent|no-ok", "ok", "answer to AT+QFOTADL; silent: none, and nothing done; no-ok: none, but done") \
        X(AFTER_OK, "after-ok", "go|nothing", "go", "nothing: after the OK nothing ever happens") \
        X(LOST, "lost", "words", "", "URCs never printed: download-start downloading download-end start updating end") \
        X(FILE_SHORT, "file-short", "number", "0", "number of bytes that the module subtracts from the length in AT+QFOTADL") \
        X(FILE_LONG, "file-long", "number", "0", "bytes that it believes to be more") \
        X(FILE_STALL_ENDS, "file-stall-ends", "flag", "1", "0: a stall at file:<percent> is for good, 1: until file-idle is over") \
        X(STALL, "stall", "text", "", "downloading:<percent>, file:<percent>, mini-1:<percent> or updating:<percent>: stops there for good") \
        X(CUT, "cut", "text", "", "the same points, or ended: power fails there, once; an update resumes") \
        X(CUT_STEP, "cut-step", "number", "0", "power fails, once, right before the n-th step after AT+QFOTADL, see the truth steps") \
        X(END_TWICE, "end-twice", "flag", "0", "1: END is printed twice") \
        X(START_AFTER_END, "start-after-end", "flag", "0", "1: START is printed again after END") \
        X(MODE1_DROPS, "mode1-drops", "0|1|url", "url", "1: a restart before START even with upgrade mode 1, url: unless the host sent the package") \
        X(RETURN, "return", "normal|never|diag|boot-rom", "normal", "how it comes back during an upgrade") \
        X(RETURN_AT, "return-at", "number", "2", "at which return since the OK that holds, 0: at every one") \
        X(REVISION_AFTER, "revision-after", "text", "", "revision after END,0: unchanged, any text, empty: the package's") \
        X(NEW_IMEI, "new-imei", "text", "", "IMEI after the upgrade, empty: the same")
/* clang-format on */

enum persona_key {
#define PERSONA_ENUM(id, key, kind, value, help) PERSONA_##id,
        PERSONA_KEYS(PERSONA_ENUM)
#undef PERSONA_ENUM
                _PERSONA_KEY_MAX,
};

typedef struct Persona Persona;

/* "NAME[,key=value...]": a copy of the built-in persona NAME with these settings. NULL with an error that names the
 * invalid part. */
Persona *persona_new(const char *text, GError **error);
/* Of a persona from a survey: the lines with which the module answered that command, NULL if it is not known; the number
 * with which it refused that command, 0 if it did not. */
const char *persona_answer(const Persona *persona, const char *command);
unsigned persona_refusal(const Persona *persona, const char *command);
/* The recording that the module plays, NULL none. Belongs to the persona. */
const Recording *persona_recording(const Persona *persona);
void persona_free(Persona *persona);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Persona, persona_free)

/* Sets the setting named `key`; "pace" sets its whole group. Returns false with an error for an unknown key or a bad
 * value. */
bool persona_set(Persona *persona, const char *key, const char *value, GError **error);
/* The value of the setting named `key`, NULL if there is none of that name. */
const char *persona_get(const Persona *persona, const char *key);

const char *persona_text(const Persona *persona, enum persona_key key);
unsigned persona_number(const Persona *persona, enum persona_key key);
unsigned persona_hex(const Persona *persona, enum persona_key key);
bool persona_flag(const Persona *persona, enum persona_key key);
bool persona_is(const Persona *persona, enum persona_key key, const char *value);
/* True if `word` is one of the setting's words. */
bool persona_has(const Persona *persona, enum persona_key key, const char *word);
/* Sets a value that the module itself changes (revision, urcport, ...); not checked. */
void persona_put(Persona *persona, enum persona_key key, const char *value);

/* Both tables, as Markdown. */
void persona_describe(GString *to);
