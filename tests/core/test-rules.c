/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every rule both ways, by its id: the finding, the remedy, and the refusal of an upgrade if there is one. */

#include "core/rules/rules.h"
#include "testing.h"
#include "../templates.h"

/* A module without any problem; each case changes one thing. */
typedef struct Case {
        Identity identity;
        Options *options;
        Inspection *inspection;
        ServerAnswer *server, *mini_2;
        RuleFacts facts;
} Case;

static Case *new_case(void)
{
        Case *c = g_new0(Case, 1);
        Inspection *n = c->inspection = inspection_new();

        c->identity = (Identity){ .manufacturer = (char *)"Quectel",
                                  .model = (char *)"EC200A",
                                  .revision = (char *)"EC200AEUHAR01A02M16",
                                  .build = (char *)"",
                                  .imei = (char *)"867710050000013" };
        c->options = options_new();
        for (InspectQuestion q = 0; q < _INSPECT_QUESTION_MAX; q++)
                n->answers[q] = INSPECT_ANSWERED;
        n->sim = g_strdup("READY");
        n->eps_registration = n->registration = 1;
        n->rssi = 24;
        n->ufs_free = 1000000;
        n->urc_port = g_strdup("usbat");
        n->fota_cid = 2;
        n->host_cid = 1;
        n->contexts = 1u << 1;
        c->facts = (RuleFacts){ .module = "usb-1-1",
                                .ready = true,
                                .problem = "",
                                .problem_remedy = "",
                                .port = "/dev/ttyUSB1",
                                .identity = &c->identity,
                                .power_control = "auto",
                                .source = "http://gw:Geheim7@host/up.bin",
                                .options = c->options,
                                .package_size = 5000,
                                .inspection = n };
        return c;
}

static void free_case(Case *c)
{
        options_free(c->options);
        inspection_free(c->inspection);
        server_answer_free(c->server);
        server_answer_free(c->mini_2);
        g_free(c);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Case, free_case)

static void set_text(char **field, const char *value)
{
        g_free(*field);
        *field = g_strdup(value);
}

static void is_well(Case *c)
{
        (void)c;
}
static void has_job(Case *c)
{
        c->facts.job = "7";
}
static void is_absent(Case *c)
{
        c->facts.ready = false;
        c->facts.problem = "it is not on the bus";
}
static void is_held(Case *c)
{
        c->facts.problem = "its AT port is held by chat (pid 42)";
        c->facts.problem_remedy = "stop that process";
        c->facts.problem_is_of_port = true;
}
static void has_no_flash_size(Case *c)
{
        c->identity.revision = (char *)"EC200AEUHAR01A02";
}
static void is_to_be_mini(Case *c)
{
        c->options->method = g_strdup("minifota");
}
static void is_told_its_method(Case *c)
{
        has_no_flash_size(c);
        c->options->method = g_strdup("dfota");
}
static void has_flow_control(Case *c)
{
        c->options->flow_control = g_strdup("none");
}
static void has_apn_alone(Case *c)
{
        c->options->apn = g_strdup("cmnet");
}
static void has_bad_source(Case *c)
{
        c->facts.source = "http://host/my up.bin";
}
static void is_mini(Case *c)
{
        c->identity.model = (char *)"EC600M";
        c->identity.revision = (char *)"EC600MCNLER06A08M08";
        c->facts.source = "http://gw:Geheim7@host/up.mini_1";
}
static void has_file(Case *c)
{
        c->facts.source = "up.bin";
        c->facts.file = true;
}
static void has_bad_name(Case *c)
{
        c->facts.source = "dir/up.bin";
        c->facts.file = true;
}
static void has_mini_file(Case *c)
{
        c->facts.source = "up.MINI_2";
        c->facts.file = true;
}
static void is_mini_with_file(Case *c)
{
        is_mini(c);
        has_file(c);
}
static void has_no_qfotadl(Case *c)
{
        c->inspection->answers[INSPECT_QFOTADL] = INSPECT_REFUSED;
}
static void wants_pin_by_error(Case *c)
{
        c->inspection->answers[INSPECT_SIM] = INSPECT_REFUSED;
        c->inspection->errors[INSPECT_SIM] = 11;
}
static void expects_another(Case *c)
{
        c->options->expected_revision = g_strdup("EC200AEUHAR01A09M16");
}
static void expects_what_runs(Case *c)
{
        c->options->expected_revision = g_strdup(c->facts.identity->revision);
}
static void lists_modes(Case *c)
{
        c->inspection->upgrade_modes.n = 1;
        c->inspection->upgrade_modes.ranges[0].least = c->inspection->upgrade_modes.ranges[0].most = 0;
        c->options->upgrade_mode = 1;
}
static void lists_maxima(Case *c)
{
        c->inspection->download_urc_maxima.n = 1;
        c->inspection->download_urc_maxima.ranges[0].least = 5;
        c->inspection->download_urc_maxima.ranges[0].most = 50;
        c->options->download_urc_max = 100;
}
static void was_not_asked(Case *c)
{
        c->facts.inspection = NULL;
        c->facts.not_inspected = "job 3 holds the module";
}
static void wants_pin(Case *c)
{
        set_text(&c->inspection->sim, "SIM PIN");
}
static void has_no_sim(Case *c)
{
        c->inspection->answers[INSPECT_SIM] = INSPECT_REFUSED;
        c->inspection->errors[INSPECT_SIM] = 10;
}
static void has_broken_sim(Case *c)
{
        set_text(&c->inspection->sim, "NOT READY");
}
static void refuses_cpin(Case *c)
{
        c->inspection->answers[INSPECT_SIM] = INSPECT_REFUSED;
        c->inspection->errors[INSPECT_SIM] = 4;
}
static void searches(Case *c)
{
        c->inspection->eps_registration = c->inspection->registration = 2;
}
static void is_registered_by_creg(Case *c)
{
        c->inspection->eps_registration = 2;
}
static void roams(Case *c)
{
        c->inspection->eps_registration = 5;
}
static void tells_no_registration(Case *c)
{
        c->inspection->answers[INSPECT_EPS_REGISTRATION] = INSPECT_SILENT;
        c->inspection->answers[INSPECT_REGISTRATION] = INSPECT_NOT_ASKED;
}
static void is_weak(Case *c)
{
        c->inspection->rssi = 9;
}
static void is_just_good(Case *c)
{
        c->inspection->rssi = 10;
}
static void has_no_signal(Case *c)
{
        c->inspection->rssi = 99;
}
static void shares_context(Case *c)
{
        c->inspection->host_cid = 2;
}
static void has_own_context(Case *c)
{
        shares_context(c);
        c->options->cid = 3;
}
static void is_given_the_hosts(Case *c)
{
        c->options->cid = 1;
}
static void tells_no_host_data(Case *c)
{
        c->inspection->answers[INSPECT_HOST_DATA] = INSPECT_REFUSED;
}
static void tells_no_cid(Case *c)
{
        c->inspection->answers[INSPECT_FOTA_CID] = INSPECT_UNCLEAR;
}
static void is_too_large(Case *c)
{
        c->facts.package_size = 1000001;
}
static void just_fits(Case *c)
{
        c->facts.package_size = 1000000;
}
static void has_no_size(Case *c)
{
        c->facts.package_size = 0;
}
static void tells_no_space(Case *c)
{
        is_too_large(c);
        c->inspection->answers[INSPECT_SPACE] = INSPECT_REFUSED;
}
static void is_mini_and_large(Case *c)
{
        is_mini(c);
        is_too_large(c);
}
static void sends_urcs_elsewhere(Case *c)
{
        set_text(&c->inspection->urc_port, "uart1");
}
static void sends_urcs_to_usb(Case *c)
{
        c->facts.uart = true;
}
static void never_sleeps(Case *c)
{
        c->facts.power_control = "on";
}
static void is_no_usb(Case *c)
{
        c->facts.power_control = NULL;
}
static void has_modem_manager(Case *c)
{
        c->facts.modem_manager = MODEM_MANAGER_YIELDS;
}
static void is_left_alone(Case *c)
{
        was_not_asked(c);
        c->facts.left_alone = true;
}
static void has_stubborn_modem_manager(Case *c)
{
        c->facts.modem_manager = MODEM_MANAGER_REFUSES;
}
static void asks_server(Case *c)
{
        c->options->check_source = true;
        c->facts.server = c->server = server_answer_new(true, "HTTP status 200, 5000 bytes", "", 5000);
}
static void has_no_server(Case *c)
{
        c->options->check_source = true;
        c->facts.server = c->server = server_answer_new(false, "the server refuses the connection", "check it", 0);
}
static void cannot_ask_server(Case *c)
{
        c->options->check_source = true;
        c->facts.server = c->server = server_answer_new_unasked("the server was not asked: no helper", "install it");
}
static void has_not_asked_server(Case *c)
{
        c->options->check_source = true;
}
static void asks_for_both(Case *c)
{
        is_mini(c);
        asks_server(c);
        c->facts.server_mini_2 = c->mini_2 = server_answer_new(true, "HTTP status 200, 6000 bytes", "", 6000);
}
static void lacks_mini_2(Case *c)
{
        is_mini(c);
        asks_server(c);
        c->facts.server_mini_2 = c->mini_2 = server_answer_new(false, "HTTP status 404", "publish it", 0);
}

static void has_file_and_no_network(Case *c)
{
        has_file(c);
        has_no_sim(c);
        searches(c);
        has_no_signal(c);
}
static void is_alone_without_sim(Case *c)
{
        c->facts.source = "";
        c->facts.no_source = true;
        has_no_sim(c);
        searches(c);
}

static void has_no_name(Case *c)
{
        c->identity.model = c->identity.imei = (char *)"";
}
static void is_starting(Case *c)
{
        c->facts.ready = false;
        c->facts.port = "";
}
static void is_absent_with_its_port(Case *c)
{
        is_absent(c);
        c->facts.port = "";
}
static void is_nameless(Case *c)
{
        c->identity.revision = (char *)"";
        c->options->expected_revision = g_strdup("EC200AEUHAR01A09M16");
}
static void is_nameless_with_method(Case *c)
{
        is_nameless(c);
        c->options->method = g_strdup("dfota");
}
static void is_given_its_method(Case *c)
{
        c->options->method = g_strdup("dfota");
}
static void is_given_any_method(Case *c)
{
        c->options->method = g_strdup("auto");
}
static void has_sha256(Case *c)
{
        c->options->sha256 = g_strnfill(64, '0');
}
static void has_pace(Case *c)
{
        c->options->pace_bytes = 16;
}
static void has_interval(Case *c)
{
        c->options->pace_interval = 10;
}
static void has_automatic_flow_control(Case *c)
{
        c->options->flow_control = g_strdup("auto");
}
static void has_file_and_cid(Case *c)
{
        has_file(c);
        c->options->cid = 2;
}
static void has_file_and_apn(Case *c)
{
        has_file(c);
        c->options->apn = g_strdup("cmnet");
}
static void has_file_and_server(Case *c)
{
        has_file(c);
        c->options->check_source = true;
}
static void has_file_and_protocol(Case *c)
{
        has_file(c);
        c->options->flow_control = g_strdup("protocol");
}
static void has_file_and_flow_control(Case *c)
{
        has_file(c);
        has_flow_control(c);
}
static void expects_its_build(Case *c)
{
        c->identity.build = (char *)"EC200AEUHAR01A02M16_01.001.01.001";
        c->options->expected_revision = g_strdup(c->identity.build);
}
static void has_no_build(Case *c)
{
        expects_another(c);
        c->identity.build = NULL;
}
static void refuses_cpin_with(Case *c, int error)
{
        c->inspection->answers[INSPECT_SIM] = INSPECT_REFUSED;
        c->inspection->errors[INSPECT_SIM] = error;
}
static void wants_puk_by_error(Case *c)
{
        refuses_cpin_with(c, 12);
}
static void has_failed_sim(Case *c)
{
        refuses_cpin_with(c, 13);
}
static void has_busy_sim(Case *c)
{
        refuses_cpin_with(c, 14);
}
static void has_wrong_sim(Case *c)
{
        refuses_cpin_with(c, 15);
}
static void wants_puk(Case *c)
{
        set_text(&c->inspection->sim, "SIM PUK");
}
static void is_denied_by_creg(Case *c)
{
        tells_no_registration(c);
        c->inspection->answers[INSPECT_REGISTRATION] = INSPECT_ANSWERED;
        c->inspection->registration = 3;
}
static void has_sms_alone(Case *c)
{
        c->inspection->eps_registration = c->inspection->registration = 6;
}
static void has_no_host_data(Case *c)
{
        c->inspection->host_cid = 0;
}
static void has_active_context(Case *c)
{
        c->inspection->contexts = 1u << 2;
}
static void sends_urcs_everywhere(Case *c)
{
        set_text(&c->inspection->urc_port, "all");
}

static const struct {
        const char *id;
        void (*change)(Case *c);
        bool holds;
        RuleRefusal refusal;
        const char *finding, *remedy;
} cases[] = {
        { "job", is_well, true, RULE_REFUSAL_NONE, "no job", "" },
        { "job", has_job, false, RULE_REFUSAL_BUSY, "usb-1-1 is held by job 7", "cancel" },
        { "module", is_well, true, RULE_REFUSAL_NONE, "EC200AEUHAR01A02M16", "" },
        { "module", is_absent, false, RULE_REFUSAL_NOT_READY, "not on the bus", "" },
        { "module", has_job, true, RULE_REFUSAL_NONE, "job 7", "" },
        { "module", is_held, true, RULE_REFUSAL_NONE, "EC200A", "" },
        { "port", is_well, true, RULE_REFUSAL_NONE, "/dev/ttyUSB1", "" },
        { "port", is_held, false, RULE_REFUSAL_NOT_READY, "chat (pid 42)", "stop that process" },
        { "port", has_job, true, RULE_REFUSAL_NONE, "job 7", "" },
        { "method", is_well, true, RULE_REFUSAL_NONE, "dfota, with 16 MB of flash (guide 4)", "" },
        { "method", is_mini, true, RULE_REFUSAL_NONE, "minifota, with 8 MB", "" },
        { "method", has_no_flash_size, false, RULE_REFUSAL_UNSUPPORTED, "guide 4", "option method" },
        { "method", is_to_be_mini, false, RULE_REFUSAL_OPTION, "is upgraded by dfota (guide 4)", "leave" },
        { "method", is_told_its_method, true, RULE_REFUSAL_NONE, "dfota, as the option method says", "" },
        { "options", is_well, true, RULE_REFUSAL_NONE, "go with", "" },
        { "options", has_flow_control, false, RULE_REFUSAL_OPTION, "flow-control goes with a package", "leave it out" },
        { "options", has_apn_alone, false, RULE_REFUSAL_OPTION, "apn configures a PDP context", "cid" },
        { "source", is_well, true, RULE_REFUSAL_NONE, "http://gw:***@host/up.bin", "" },
        { "source", has_bad_source, false, RULE_REFUSAL_SOURCE, "blank", "%20" },
        { "source", has_file, true, RULE_REFUSAL_NONE, "guide 3.3.1.3", "" },
        { "source", has_bad_name, false, RULE_REFUSAL_SOURCE, "the package's name", "no slash" },
        { "source", has_mini_file, false, RULE_REFUSAL_SOURCE, "guide 3.3.1.3, note 2", "made for this module" },
        { "source", is_mini, true, RULE_REFUSAL_NONE, ".mini_1", "" },
        { "source", is_mini_with_file, false, RULE_REFUSAL_SOURCE, "guide 3.3.1.3, note 2", "HTTP" },
        { "qfotadl", is_well, true, RULE_REFUSAL_NONE, "AT+QFOTADL", "" },
        { "qfotadl", has_no_qfotadl, false, RULE_REFUSAL_NONE, "guide 3.3.1", "vendor" },
        { "qfotadl", lists_modes, false, RULE_REFUSAL_OPTION, "upgrade-mode", "list" },
        { "qfotadl", lists_maxima, false, RULE_REFUSAL_OPTION, "download-urc-max", "list" },
        { "qfotadl", was_not_asked, false, RULE_REFUSAL_NOT_READY, "not asked: job 3 holds the module", "again" },
        { "qfotadl", is_left_alone, true, RULE_REFUSAL_NONE, "not asked", "" },
        { "sim", is_well, true, RULE_REFUSAL_NONE, "READY", "" },
        { "sim", wants_pin, false, RULE_REFUSAL_NONE, "SIM PIN", "unlock" },
        { "sim", wants_pin_by_error, false, RULE_REFUSAL_NONE, "SIM PIN", "unlock" },
        { "sim", has_no_sim, false, RULE_REFUSAL_NONE, "there is no SIM", "insert" },
        { "sim", has_broken_sim, false, RULE_REFUSAL_NONE, "NOT READY", "insert" },
        { "sim", refuses_cpin, true, RULE_REFUSAL_NONE, "+CME ERROR: 4 to AT+CPIN?", "" },
        { "sim", was_not_asked, true, RULE_REFUSAL_NONE, "not asked: job 3 holds the module", "" },
        { "registration", is_well, true, RULE_REFUSAL_NONE, "at home (AT+CEREG?)", "" },
        { "registration", roams, true, RULE_REFUSAL_NONE, "roaming", "" },
        { "registration", is_registered_by_creg, true, RULE_REFUSAL_NONE, "AT+CREG?", "" },
        { "registration", searches, false, RULE_REFUSAL_NONE, "searching", "antenna" },
        { "registration", tells_no_registration, true, RULE_REFUSAL_NONE, "did not answer AT+CEREG?", "" },
        { "sim", has_file_and_no_network, true, RULE_REFUSAL_NONE, "needs no network", "" },
        { "registration", has_file_and_no_network, true, RULE_REFUSAL_NONE, "needs no network", "" },
        { "signal", has_file_and_no_network, true, RULE_REFUSAL_NONE, "needs no network", "" },
        { "sim", is_alone_without_sim, false, RULE_REFUSAL_NONE, "there is no SIM", "insert" },
        { "registration", is_alone_without_sim, false, RULE_REFUSAL_NONE, "searching", "antenna" },
        { "signal", is_well, true, RULE_REFUSAL_NONE, "-65 dBm", "" },
        { "signal", is_just_good, true, RULE_REFUSAL_NONE, "-93 dBm", "" },
        { "signal", is_weak, false, RULE_REFUSAL_NONE, "-95 dBm", "antenna" },
        { "signal", has_no_signal, false, RULE_REFUSAL_NONE, "no signal", "AT+CFUN?" },
        { "signal", was_not_asked, true, RULE_REFUSAL_NONE, "not asked", "" },
        { "pdp-context", is_well, true, RULE_REFUSAL_NONE,
          "context 2, not active yet; the host's own data uses context 1", "" },
        { "pdp-context", shares_context, false, RULE_REFUSAL_NONE, "both use context 2", "option cid" },
        { "pdp-context", is_given_the_hosts, false, RULE_REFUSAL_NONE, "both use context 1", "option cid" },
        { "pdp-context", has_own_context, true, RULE_REFUSAL_NONE, "context 3", "" },
        { "pdp-context", tells_no_host_data, true, RULE_REFUSAL_NONE, "is not known", "" },
        { "pdp-context", tells_no_cid, true, RULE_REFUSAL_NONE, "cannot be read", "" },
        { "pdp-context", is_mini, true, RULE_REFUSAL_NONE, "guide 3.3.1.1, note 2", "" },
        { "pdp-context", has_file, true, RULE_REFUSAL_NONE, "needs none", "" },
        { "space", is_well, true, RULE_REFUSAL_NONE, "1000000 bytes are free in UFS for a package of 5000", "" },
        { "space", just_fits, true, RULE_REFUSAL_NONE, "1000000", "" },
        { "space", is_too_large, false, RULE_REFUSAL_UNSUPPORTED, "1000001", "delete" },
        { "space", has_no_size, true, RULE_REFUSAL_NONE, "size is not known", "" },
        { "space", tells_no_space, true, RULE_REFUSAL_NONE, "ERROR to AT+QFLDS", "" },
        { "space", is_mini_and_large, true, RULE_REFUSAL_NONE, "MiniFOTA", "" },
        { "urc-port", is_well, true, RULE_REFUSAL_NONE, "usbat", "" },
        { "urc-port", sends_urcs_elsewhere, true, RULE_REFUSAL_NONE, "uart1: fotad sets it", "" },
        { "urc-port", sends_urcs_to_usb, true, RULE_REFUSAL_NONE, "usbat: fotad sets it", "" },
        { "urc-port", was_not_asked, true, RULE_REFUSAL_NONE, "not asked", "" },
        { "autosuspend", is_well, true, RULE_REFUSAL_NONE, "auto: fotad sets it to on", "" },
        { "autosuspend", never_sleeps, true, RULE_REFUSAL_NONE, "is on", "" },
        { "autosuspend", is_no_usb, true, RULE_REFUSAL_NONE, "not on USB", "" },
        { "modem-manager", is_well, true, RULE_REFUSAL_NONE, "not running", "" },
        { "modem-manager", has_modem_manager, true, RULE_REFUSAL_NONE, "lets go of the module", "" },
        { "modem-manager", has_stubborn_modem_manager, false, RULE_REFUSAL_NONE, "may not be asked", "systemctl stop" },
        { "revision", expects_another, true, RULE_REFUSAL_NONE, "EC200AEUHAR01A09M16 is expected", "" },
        { "revision", expects_what_runs, false, RULE_REFUSAL_NONE, "already", "leave the module as it is" },
        { "module", has_no_name, true, RULE_REFUSAL_NONE, "a module, revision EC200AEUHAR01A02M16, IMEI not told", "" },
        { "module", is_starting, true, RULE_REFUSAL_NONE, "not asked: usb-1-1 has no AT port", "" },
        { "port", is_starting, true, RULE_REFUSAL_NONE, "not asked: the module is not ready", "" },
        { "port", is_absent_with_its_port, true, RULE_REFUSAL_NONE, "not asked: it is not on the bus", "" },
        { "method", is_nameless, false, RULE_REFUSAL_UNSUPPORTED, "told no revision", "answer first" },
        { "method", is_nameless_with_method, true, RULE_REFUSAL_NONE, "revision is not known and does not tell", "" },
        { "method", is_given_its_method, true, RULE_REFUSAL_NONE, "dfota, with 16 MB", "" },
        { "method", is_given_any_method, true, RULE_REFUSAL_NONE, "dfota, with 16 MB", "" },
        { "options", has_sha256, false, RULE_REFUSAL_OPTION, "sha256 goes with a package", "leave it out" },
        { "options", has_pace, false, RULE_REFUSAL_OPTION, "pace-bytes goes with a package", "leave it out" },
        { "options", has_interval, false, RULE_REFUSAL_OPTION, "pace-interval goes with a package", "leave it out" },
        { "options", has_automatic_flow_control, true, RULE_REFUSAL_NONE, "go with", "" },
        { "options", has_file_and_cid, false, RULE_REFUSAL_OPTION, "cid goes with a URL", "leave it out" },
        { "options", has_file_and_apn, false, RULE_REFUSAL_OPTION, "apn goes with a URL", "leave it out" },
        { "options", has_file_and_server, false, RULE_REFUSAL_OPTION, "check-source goes with a URL", "leave it out" },
        { "options", has_file_and_protocol, false, RULE_REFUSAL_UNSUPPORTED, "guide 3.3.1.4", "hardware or none" },
        { "options", has_file_and_flow_control, true, RULE_REFUSAL_NONE, "go with", "" },
        { "revision", is_nameless, true, RULE_REFUSAL_NONE, "told no revision yet", "" },
        { "revision", expects_its_build, false, RULE_REFUSAL_NONE, "already", "leave the module as it is" },
        { "revision", has_no_build, true, RULE_REFUSAL_NONE, "EC200AEUHAR01A09M16 is expected", "" },
        { "sim", wants_puk_by_error, false, RULE_REFUSAL_NONE, "SIM PUK (+CME ERROR: 12", "unlock" },
        { "sim", has_failed_sim, false, RULE_REFUSAL_NONE, "+CME ERROR: 13", "insert" },
        { "sim", has_busy_sim, true, RULE_REFUSAL_NONE, "+CME ERROR: 14 to AT+CPIN?", "" },
        { "sim", has_wrong_sim, false, RULE_REFUSAL_NONE, "+CME ERROR: 15", "insert" },
        { "sim", wants_puk, false, RULE_REFUSAL_NONE, "SIM PUK", "unlock" },
        { "registration", is_denied_by_creg, false, RULE_REFUSAL_NONE, "registration denied (AT+CREG?)", "antenna" },
        { "registration", has_sms_alone, false, RULE_REFUSAL_NONE, "not registered for data (AT+CEREG?)", "antenna" },
        { "pdp-context", has_no_host_data, true, RULE_REFUSAL_NONE, "context 2, not active yet", "" },
        { "pdp-context", has_active_context, true, RULE_REFUSAL_NONE, "context 2, active", "" },
        { "urc-port", sends_urcs_everywhere, true, RULE_REFUSAL_NONE, "all", "" },
        { "server", asks_server, true, RULE_REFUSAL_NONE, "5000 bytes", "" },
        { "server", has_no_server, false, RULE_REFUSAL_SOURCE, "refuses the connection", "check it" },
        { "server", cannot_ask_server, false, RULE_REFUSAL_NONE, "no helper", "install it" },
        { "server", has_not_asked_server, false, RULE_REFUSAL_SOURCE, "not asked", "URL" },
        { "server", asks_for_both, true, RULE_REFUSAL_NONE, "5000 bytes", "" },
        { "server-mini-2", asks_for_both, true, RULE_REFUSAL_NONE, "6000 bytes", "" },
        { "server-mini-2", lacks_mini_2, false, RULE_REFUSAL_SOURCE, "404", "publish it" },
};

/* A name has no slash; text with a slash is a URL, good or bad. */
START_TEST(names_and_urls)
{
        ck_assert(rules_source_is_file("up.bin") && rules_source_is_file("EC200A A02.bin"));
        ck_assert(!rules_source_is_file("") && !rules_source_is_file("http://host/up.bin"));
        ck_assert(!rules_source_is_file("gopher://host/up") && !rules_source_is_file("/etc/passwd"));
}
END_TEST

static const char *const advice[] = { "signal",        "pdp-context", "urc-port", "autosuspend",
                                      "modem-manager", "revision",    NULL };

/* A module without a network cannot fetch a package, and needs none for a package on the host. */
static bool needs_network(const Case *c, const char *id)
{
        return (strcmp(id, "sim") == 0 || strcmp(id, "registration") == 0) && !c->facts.file && !c->facts.no_source;
}

static const RuleVerdict *find(const GPtrArray *verdicts, const char *id)
{
        for (unsigned i = 0; i < verdicts->len; i++)
                if (strcmp(((const RuleVerdict *)g_ptr_array_index(verdicts, i))->id, id) == 0)
                        return g_ptr_array_index(verdicts, i);
        return NULL;
}

START_TEST(both_ways)
{
        g_autoptr(Case) c = new_case();
        g_autoptr(GPtrArray) verdicts = NULL;
        const RuleVerdict *v;

        cases[_i].change(c);
        verdicts = rules_judge(&c->facts);
        v = find(verdicts, cases[_i].id);
        ck_assert_msg(v, "no rule %s", cases[_i].id);
        ck_assert_msg(v->holds == cases[_i].holds, "%s: %s", v->id, v->finding);
        ck_assert_msg(v->refusal == cases[_i].refusal, "%s: %d", v->id, v->refusal);
        /* a module that does not list the values of AT+QFOTADL may accept the command all the same */
        if (strcmp(v->id, "sim") == 0 || strcmp(v->id, "registration") == 0)
                ck_assert_msg(v->must == needs_network(c, v->id), "%s", v->id);
        else
                ck_assert_msg(v->must != (g_strv_contains(advice, v->id) || cases[_i].change == has_no_qfotadl ||
                                          cases[_i].change == cannot_ask_server),
                              "%s", v->id);
        ck_assert_msg(v->must || v->refusal == RULE_REFUSAL_NONE, "%s is advice, and refuses", v->id);
        assert_has(v->finding, cases[_i].finding);
        assert_has(v->remedy, cases[_i].remedy);
        ck_assert_msg(!v->holds || !*v->remedy, "%s holds, and yet: %s", v->id, v->remedy);
        for (unsigned i = 0; i < verdicts->len; i++) {
                v = g_ptr_array_index(verdicts, i);
                ck_assert(*v->finding && v->remedy);
                ck_assert_msg(!strstr(v->finding, "Geheim7") && !strstr(v->remedy, "Geheim7"), "%s", v->finding);
                if (!*c->facts.problem && !c->facts.server) { /* the test's own words */
                        assert_has_templates(v->finding);
                        assert_has_templates(v->remedy);
                }
        }
}
END_TEST

/* A check of the module alone has no rows about a package, and a job warns of a missing network without refusing it. */
START_TEST(alone)
{
        g_autoptr(Case) c = new_case();
        g_autoptr(GPtrArray) verdicts = NULL, warnings = NULL;

        is_alone_without_sim(c);
        c->options->check_source = true;
        verdicts = rules_judge(&c->facts);
        ck_assert(find(verdicts, "qfotadl") && !find(verdicts, "source") && !find(verdicts, "server"));
        c->facts.source = "http://host/up.bin";
        c->facts.no_source = c->options->check_source = false;
        ck_assert_ptr_null(rules_find_broken(&c->facts, RULE_STAGE_DIALOGUE));
        warnings = rules_find_advice(&c->facts, RULE_STAGE_DIALOGUE);
        ck_assert(find(warnings, "sim") && find(warnings, "registration"));
}
END_TEST

/* Other programs use these ids: they are never renamed. */
START_TEST(ids)
{
        static const char *const known[] = {
                "job",           "module",       "port",   "method",        "options", "source",   "qfotadl",
                "sim",           "registration", "signal", "pdp-context",   "space",   "urc-port", "autosuspend",
                "modem-manager", "revision",     "server", "server-mini-2", NULL
        };
        unsigned n = 0;

        for (; rules_id(n); n++) {
                bool tested = false;

                ck_assert_str_eq(rules_id(n), known[n]);
                for (unsigned i = 0; i < n; i++)
                        ck_assert_str_ne(rules_id(i), rules_id(n));
                for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                        tested = tested || strcmp(cases[i].id, rules_id(n)) == 0;
                ck_assert_msg(tested, "%s is not tested", rules_id(n));
        }
        ck_assert_ptr_null(known[n]);
}
END_TEST

START_TEST(which_apply)
{
        g_autoptr(Case) plain = new_case(), server = new_case(), both = new_case(), file = new_case();
        g_autoptr(GPtrArray) of_plain = NULL, of_server = NULL, of_both = NULL, of_file = NULL;

        asks_server(server);
        asks_for_both(both);
        asks_server(file);
        has_file(file);
        of_plain = rules_judge(&plain->facts);
        of_server = rules_judge(&server->facts);
        of_both = rules_judge(&both->facts);
        of_file = rules_judge(&file->facts);
        ck_assert_uint_eq(of_plain->len, 15);
        ck_assert_uint_eq(of_server->len, 16);
        ck_assert_uint_eq(of_both->len, 17);
        ck_assert_uint_eq(of_file->len, 15);
}
END_TEST

/* A call is refused by the first rule in the table's order, whatever other rules find; advice never refuses a call. */
START_TEST(first_broken)
{
        g_autoptr(Case) c = new_case();
        g_autoptr(RuleVerdict) none = NULL, source = NULL, module = NULL, job = NULL, dialogue = NULL;
        g_autoptr(GPtrArray) call = NULL, of_dialogue = NULL;
        g_autofree char *sentence = NULL;

        has_stubborn_modem_manager(c);
        wants_pin(c);
        is_weak(c);
        none = rules_find_broken(&c->facts, RULE_STAGE_CALL);
        ck_assert_ptr_null(none);
        call = rules_find_advice(&c->facts, RULE_STAGE_CALL);
        of_dialogue = rules_find_advice(&c->facts, RULE_STAGE_DIALOGUE);
        ck_assert_uint_eq(call->len, 1);
        ck_assert_uint_eq(of_dialogue->len, 2);
        ck_assert(find(call, "modem-manager") && find(of_dialogue, "sim") && find(of_dialogue, "signal"));
        dialogue = rules_find_broken(&c->facts, RULE_STAGE_DIALOGUE);
        ck_assert_ptr_null(dialogue);
        has_bad_source(c);
        source = rules_find_broken(&c->facts, RULE_STAGE_CALL);
        ck_assert_str_eq(source->id, "source");
        sentence = rule_sentence(source);
        ck_assert_str_eq(sentence, "the URL may not hold a blank: write %20, or rename the package");
        is_absent(c);
        module = rules_find_broken(&c->facts, RULE_STAGE_CALL);
        ck_assert_str_eq(module->id, "module");
        has_job(c);
        job = rules_find_broken(&c->facts, RULE_STAGE_CALL);
        ck_assert_str_eq(job->id, "job");
        is_too_large(c);
        g_clear_pointer(&dialogue, rule_verdict_free);
        dialogue = rules_find_broken(&c->facts, RULE_STAGE_DIALOGUE);
        ck_assert_str_eq(dialogue->id, "space");
}
END_TEST

/* A retry has a method, and no module that reports one. */
START_TEST(method_that_is_known)
{
        g_autoptr(Case) c = new_case();
        g_autoptr(RuleVerdict) good = NULL, bad = NULL;

        c->identity.revision = (char *)"";
        c->identity.model = (char *)"";
        c->facts.method = METHOD_MINIFOTA;
        c->facts.source = "http://host/up.mini_1";
        ck_assert_int_eq(rule_method(&c->facts), METHOD_MINIFOTA);
        good = rules_find_broken(&c->facts, RULE_STAGE_CALL);
        ck_assert_ptr_null(good);
        c->options->cid = 2;
        bad = rules_find_broken(&c->facts, RULE_STAGE_CALL);
        ck_assert_str_eq(bad->id, "options");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("rules");

        tcase_add_loop_test(t, both_ways, 0, G_N_ELEMENTS(cases));
        tcase_add_test(t, ids);
        tcase_add_test(t, alone);
        tcase_add_test(t, names_and_urls);
        tcase_add_test(t, which_apply);
        tcase_add_test(t, first_broken);
        tcase_add_test(t, method_that_is_known);
        return testing_run(t, "rules");
}
