/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks the module for the facts that an upgrade depends on beside the identity, and parses the answers. Every command
 * only reads. core/rules/rules draws the conclusions. Knows no port and no upgrade. */

#include <string.h>

#include "core/rules/inspect.h"
#include "core/quectel/qfota.h"

#define TEXT_MAX 64

/* In the order of asking. */
static const char *const commands[_INSPECT_QUESTION_MAX] = {
        [INSPECT_SIM] = "AT+CPIN?",
        [INSPECT_EPS_REGISTRATION] = "AT+CEREG?",
        [INSPECT_REGISTRATION] = "AT+CREG?",
        [INSPECT_SIGNAL] = "AT+CSQ",
        [INSPECT_SPACE] = "AT+QFLDS=\"UFS\"",
        [INSPECT_URC_PORT] = "AT+QURCCFG=\"urcport\"",
        [INSPECT_FOTA_CID] = "AT+QCFG=\"fota/cid\"",
        [INSPECT_CONTEXTS] = "AT+QIACT?",
        [INSPECT_HOST_DATA] = "AT+QNETDEVCTL?",
        [INSPECT_QFOTADL] = "AT+QFOTADL=?",
};

#define NETWORK          (1u << INSPECT_SIM | 1u << INSPECT_EPS_REGISTRATION | 1u << INSPECT_REGISTRATION | 1u << INSPECT_SIGNAL)
#define DOWNLOAD_CONTEXT (1u << INSPECT_FOTA_CID | 1u << INSPECT_HOST_DATA)

struct Inspect {
        unsigned questions; /* not asked yet */
        InspectQuestion question;
        Inspection *inspection;
};

const char *inspect_command(InspectQuestion question)
{
        return commands[question];
}

/* MiniFOTA takes no PDP context (guide 3.3.1.1, note 2), and keeps its packages elsewhere. */
unsigned inspect_questions_for_check(Method method)
{
        unsigned questions = NETWORK | 1u << INSPECT_URC_PORT | 1u << INSPECT_QFOTADL;

        if (method != METHOD_MINIFOTA)
                questions |= DOWNLOAD_CONTEXT | 1u << INSPECT_CONTEXTS | 1u << INSPECT_SPACE;
        return questions;
}

unsigned inspect_questions_for_job(Method method, bool size_known)
{
        unsigned questions = NETWORK | 1u << INSPECT_QFOTADL;

        if (method != METHOD_MINIFOTA)
                questions |= DOWNLOAD_CONTEXT | (size_known ? 1u << INSPECT_SPACE : 0);
        return questions;
}

Inspection *inspection_new(void)
{
        Inspection *i = g_new0(Inspection, 1);

        for (InspectQuestion q = 0; q < _INSPECT_QUESTION_MAX; q++)
                i->errors[q] = -1;
        return i;
}

void inspection_free(Inspection *i)
{
        if (!i)
                return;
        g_free(i->sim);
        g_free(i->urc_port);
        g_free(i);
}

bool inspect_list_has(const InspectList *list, unsigned value)
{
        for (unsigned i = 0; i < list->n; i++)
                if (value >= list->ranges[i].least && value <= list->ranges[i].most)
                        return true;
        return false;
}

unsigned inspect_list_clip(const InspectList *list, unsigned value)
{
        unsigned highest = 0;
        bool found = false;

        for (unsigned i = 0; i < list->n; i++)
                if (list->ranges[i].least <= value) {
                        highest = MAX(highest, MIN(value, list->ranges[i].most));
                        found = true;
                }
        return found ? highest : value;
}

char *inspect_list_text(const InspectList *list)
{
        GString *s = g_string_new(NULL);

        for (unsigned i = 0; i < list->n; i++) {
                g_string_append_printf(s, "%s%u", i ? ", " : "", list->ranges[i].least);
                if (list->ranges[i].most != list->ranges[i].least)
                        g_string_append_printf(s, "-%u", list->ranges[i].most);
        }
        return g_string_free(s, FALSE);
}

/* ---- the dialogue */

/* Returns the first question from there on that was not asked yet. */
static void go_to(Inspect *i, InspectQuestion from)
{
        for (i->question = from; i->question < _INSPECT_QUESTION_MAX; i->question++)
                if (i->questions & 1u << i->question)
                        return;
}

Inspect *inspect_new(unsigned questions)
{
        Inspect *i = g_new0(Inspect, 1);

        i->questions = questions;
        i->inspection = inspection_new();
        go_to(i, 0);
        return i;
}

void inspect_free(Inspect *i)
{
        if (!i)
                return;
        inspection_free(i->inspection);
        g_free(i);
}

const char *inspect_next(const Inspect *i)
{
        return i->question < _INSPECT_QUESTION_MAX ? commands[i->question] : NULL;
}

const Inspection *inspect_inspection(const Inspect *i)
{
        return i->inspection;
}

Inspection *inspect_steal(Inspect *i)
{
        return g_steal_pointer(&i->inspection);
}

/* ---- the answers */

/* Returns the text after the prefix and blanks in the first line with that prefix; NULL if no line has it. */
static char *value_of(const char *information, const char *prefix)
{
        g_auto(GStrv) lines = g_strsplit(information, "\n", -1);

        for (char **line = lines; *line; line++)
                if (g_str_has_prefix(*line, prefix))
                        return g_strstrip(g_strdup(*line + strlen(prefix)));
        return NULL;
}

/* Reads the first n numbers between commas of a line; false if there are fewer. */
static bool read_numbers(const char *information, const char *prefix, unsigned n, uint64_t *ret)
{
        g_autofree char *value = value_of(information, prefix);
        g_auto(GStrv) parts = value ? g_strsplit(value, ",", -1) : NULL;

        if (!value || g_strv_length(parts) < n)
                return false;
        for (unsigned i = 0; i < n; i++) {
                guint64 number;

                if (!g_ascii_string_to_unsigned(g_strstrip(parts[i]), 10, 0, G_MAXUINT64 / 2, &number, NULL))
                        return false;
                ret[i] = number;
        }
        return true;
}

/* Printable ASCII only: the text is shown to people. */
static bool read_text(char **field, const char *value)
{
        if (!value || !*value || strlen(value) > TEXT_MAX)
                return false;
        for (const char *p = value; *p; p++)
                if (*p < ' ' || *p > '~')
                        return false;
        g_free(*field);
        *field = g_strdup(value);
        return true;
}

/* +CEREG: 0,1; in another mode +CEREG: 2,1,"1A2B",... */
static bool read_registration(unsigned *field, const char *information, const char *prefix)
{
        uint64_t numbers[2];

        if (!read_numbers(information, prefix, 2, numbers) || numbers[1] > 99)
                return false;
        *field = (unsigned)numbers[1];
        return true;
}

/* +QIACT: 1,1,1,"10.0.0.1", one line for each active context, if any. */
static bool read_contexts(uint32_t *field, const char *information)
{
        g_auto(GStrv) lines = g_strsplit(information, "\n", -1);

        *field = 0;
        for (char **line = lines; *line; line++) {
                uint64_t numbers[2];

                if (read_numbers(*line, "+QIACT:", 2, numbers) && numbers[0] < 32 && numbers[1] == 1)
                        *field |= 1u << numbers[0];
        }
        return true;
}

/* +QNETDEVCTL: <op>,<cid>,<urc>,<state>: state 1 is a call that is up. */
static bool read_host_data(unsigned *field, const char *information)
{
        uint64_t numbers[4];

        if (!read_numbers(information, "+QNETDEVCTL:", 4, numbers) || numbers[1] > 99)
                return false;
        *field = numbers[3] ? (unsigned)numbers[1] : 0;
        return true;
}

/* Reads "0,5-100" between brackets. A list that cannot be read to its end is ignored: half a list would refuse values
 * that the module accepts. */
static void read_list(InspectList *list, const char *text)
{
        g_auto(GStrv) parts = g_strsplit(text, ",", -1);
        InspectList read = { 0 };

        for (char **part = parts; *part; part++) {
                g_auto(GStrv) ends = g_strsplit(*part, "-", 2);
                guint64 least, most;

                if (read.n == INSPECT_RANGES_MAX || !ends[0] ||
                    !g_ascii_string_to_unsigned(g_strstrip(ends[0]), 10, 0, 9999, &least, NULL))
                        return;
                most = least;
                if (ends[1] && !g_ascii_string_to_unsigned(g_strstrip(ends[1]), 10, least, 9999, &most, NULL))
                        return;
                read.ranges[read.n].least = (unsigned)least;
                read.ranges[read.n++].most = (unsigned)most;
        }
        *list = read;
}

/* Guide 3.3.1: +QFOTADL: <url>,(0,1),(0,5-100),(0,5-100). A bare OK means that the command exists (field facts 2.3).
 */
static bool read_qfotadl(Inspection *inspection, const char *information)
{
        InspectList *const lists[] = { &inspection->upgrade_modes, &inspection->download_urc_maxima,
                                       &inspection->update_urc_maxima };
        g_autofree char *value = value_of(information, "+QFOTADL:");
        const char *at = value ? strchr(value, ',') : NULL; /* behind the URL */

        for (size_t i = 0; i < G_N_ELEMENTS(lists) && at && *at == ','; i++) {
                const char *open = at + 1 + strspn(at + 1, " "), *close = *open == '(' ? strchr(open, ')') : NULL;
                g_autofree char *inside = NULL;

                if (!close)
                        break;
                inside = g_strndup(open + 1, close - open - 1);
                read_list(lists[i], inside);
                at = close + 1 + strspn(close + 1, " ");
        }
        return true;
}

static bool read_answer(Inspection *n, InspectQuestion question, const char *information)
{
        g_autofree char *text = NULL;
        uint64_t numbers[2];
        guint64 number;

        switch (question) {
        case INSPECT_SIM: text = value_of(information, "+CPIN:"); return read_text(&n->sim, text);
        case INSPECT_EPS_REGISTRATION: return read_registration(&n->eps_registration, information, "+CEREG:");
        case INSPECT_REGISTRATION: return read_registration(&n->registration, information, "+CREG:");
        case INSPECT_SIGNAL:
                if (!read_numbers(information, "+CSQ:", 2, numbers) || numbers[0] > 199)
                        return false;
                n->rssi = (unsigned)numbers[0];
                return true;
        case INSPECT_SPACE:
                if (!read_numbers(information, "+QFLDS:", 2, numbers))
                        return false;
                n->ufs_free = numbers[0];
                n->ufs_total = numbers[1];
                return true;
        case INSPECT_URC_PORT:
                text = qfota_parse_setting(information, "+QURCCFG:", "urcport");
                return read_text(&n->urc_port, text);
        case INSPECT_FOTA_CID:
                text = qfota_parse_setting(information, "+QCFG:", "fota/cid");
                if (!text || !g_ascii_string_to_unsigned(text, 10, 0, 99, &number, NULL))
                        return false;
                n->fota_cid = (unsigned)number;
                return true;
        case INSPECT_CONTEXTS: return read_contexts(&n->contexts, information);
        case INSPECT_HOST_DATA: return read_host_data(&n->host_cid, information);
        case INSPECT_QFOTADL: return read_qfotadl(n, information);
        case _INSPECT_QUESTION_MAX: return false;
        }
        return false;
}

void inspect_answer(Inspect *i, AtResult result, int error, const char *information)
{
        InspectQuestion question = i->question;
        Inspection *n = i->inspection;

        if (question >= _INSPECT_QUESTION_MAX)
                return;
        switch (result) {
        case AT_RESULT_OK:
                n->answers[question] = read_answer(n, question, information) ? INSPECT_ANSWERED : INSPECT_UNCLEAR;
                break;
        case AT_RESULT_ERROR:
                n->answers[question] = INSPECT_REFUSED;
                n->errors[question] = error;
                break;
        case AT_RESULT_TIMEOUT:
                n->answers[question] = INSPECT_SILENT;
                i->question = _INSPECT_QUESTION_MAX;
                return;
        }
        if (question == INSPECT_EPS_REGISTRATION && n->answers[question] == INSPECT_ANSWERED &&
            inspect_is_registered(n->eps_registration))
                i->questions &= ~(1u << INSPECT_REGISTRATION);
        go_to(i, question + 1);
}

/* 3GPP 27.007: 1 at home, 5 roaming. */
bool inspect_is_registered(unsigned state)
{
        return state == 1 || state == 5;
}
