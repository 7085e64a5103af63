/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The identity of a module: the commands that ask for it, the parsing of their answers, and the conclusions from the
 * name of a revision (guide 4). Knows no port and no upgrade. */

#include <ctype.h>
#include <string.h>

#include "core/quectel/identity.h"

/* The end of the answer to AT+QGMR is .00.000 until the module's application processor is up. ModemManager asks 16
 * times at intervals of a second, and so does fotad. */
#define BUILD_TRIES    16
#define BUILD_INTERVAL G_USEC_PER_SEC
#define TEXT_MAX       128

const char *method_to_string(Method method)
{
        switch (method) {
        case METHOD_UNKNOWN: return "unknown";
        case METHOD_DFOTA: return "dfota";
        case METHOD_MINIFOTA: return "minifota";
        }
        return "unknown";
}

bool method_from_string(const char *s, Method *ret)
{
        for (Method m = METHOD_UNKNOWN; m <= METHOD_MINIFOTA; m++)
                if (g_strcmp0(s, method_to_string(m)) == 0) {
                        *ret = m;
                        return true;
                }
        return false;
}

Identity *identity_new(void)
{
        Identity *i = g_new0(Identity, 1);

        i->manufacturer = g_strdup("");
        i->model = g_strdup("");
        i->revision = g_strdup("");
        i->build = g_strdup("");
        i->imei = g_strdup("");
        return i;
}

Identity *identity_copy(const Identity *other)
{
        Identity *i = g_new0(Identity, 1);

        i->manufacturer = g_strdup(other->manufacturer);
        i->model = g_strdup(other->model);
        i->revision = g_strdup(other->revision);
        i->build = g_strdup(other->build);
        i->imei = g_strdup(other->imei);
        return i;
}

bool identity_equal(const Identity *a, const Identity *b)
{
        return strcmp(a->manufacturer, b->manufacturer) == 0 && strcmp(a->model, b->model) == 0 &&
               strcmp(a->revision, b->revision) == 0 && strcmp(a->build, b->build) == 0 &&
               strcmp(a->imei, b->imei) == 0;
}

static void complete(char **field, const char *other)
{
        if (**field)
                return;
        g_free(*field);
        *field = g_strdup(other);
}

void identity_complete(Identity *i, const Identity *other)
{
        complete(&i->manufacturer, other->manufacturer);
        complete(&i->model, other->model);
        complete(&i->imei, other->imei);
}

void identity_free(Identity *i)
{
        if (!i)
                return;
        g_free(i->manufacturer);
        g_free(i->model);
        g_free(i->revision);
        g_free(i->build);
        g_free(i->imei);
        g_free(i);
}

unsigned identity_flash_size(const char *revision)
{
        unsigned size = 0;

        for (const char *p = strchr(revision, 'M'); p; p = strchr(p + 1, 'M')) {
                static const struct {
                        const char digits[3];
                        unsigned size;
                } sizes[] = { { "02", 2 }, { "04", 4 }, { "08", 8 }, { "16", 16 } };

                for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
                        if (strncmp(p + 1, sizes[i].digits, 2) == 0 && (p[3] == 0 || p[3] == '_' || p[3] == '.'))
                                size = sizes[i].size;
        }
        return size;
}

Method identity_method(const char *model, const char *revision)
{
        unsigned flash = identity_flash_size(revision);

        if (g_str_has_prefix(revision, "EC200A") || (!*revision && g_str_has_prefix(model, "EC200A")))
                return flash == 8 || flash == 16 ? METHOD_DFOTA : METHOD_UNKNOWN;
        if (flash == 0)
                return METHOD_UNKNOWN;
        return flash == 16 ? METHOD_DFOTA : METHOD_MINIFOTA;
}

bool identity_same_firmware(const char *revision_a, const char *build_a, const char *revision_b, const char *build_b)
{
        if (strcmp(revision_a, revision_b) != 0)
                return false;
        /* A build that was cut off is no other one; "" was not read. */
        return g_str_has_prefix(build_a, build_b) || g_str_has_prefix(build_b, build_a);
}

/* The version in a revision, as in R01A02; NULL if there is none. */
static const char *find_version(const char *revision)
{
        for (const char *r = strchr(revision, 'R'); r; r = strchr(r + 1, 'R'))
                if (isdigit((unsigned char)r[1]) && isdigit((unsigned char)r[2]) && r[3] == 'A' &&
                    isdigit((unsigned char)r[4]) && isdigit((unsigned char)r[5]))
                        return r;
        return NULL;
}

/* The length of the model at the beginning of a revision: EC200A of EC200ACNHAR01A02M16. */
static size_t model_length(const char *revision)
{
        const char *c = revision;

        while (g_ascii_isupper(*c))
                c++;
        while (g_ascii_isdigit(*c))
                c++;
        return (size_t)(c - revision) + (g_ascii_isupper(*c) ? 1 : 0);
}

bool identity_fits(const char *before, const char *revision)
{
        size_t n = model_length(before);

        if (!*before)
                return find_version(revision);
        if (find_version(before) && !find_version(revision))
                return false;
        return n > 0 && strncmp(before, revision, n) == 0 &&
               identity_flash_size(before) == identity_flash_size(revision);
}

void identity_take_known_build(Identity *i, const char *revision, const char *build)
{
        size_t n = strlen(revision);

        if (*i->revision || !*i->build || n == 0)
                return;
        if (strcmp(i->build, build) == 0 || strcmp(i->build, revision) == 0 ||
            (!*build && strncmp(i->build, revision, n) == 0 && i->build[n] == '_')) {
                g_free(i->revision);
                i->revision = g_strdup(revision);
        }
        if (strcmp(i->build, revision) == 0)
                *i->build = 0;
}

typedef enum Question { ASK_ATI, ASK_CGMI, ASK_CGMM, ASK_GMR, ASK_CGMR, ASK_QGMR, ASK_CGSN, ASK_NOTHING } Question;

struct IdentityProbe {
        Question question;
        unsigned build_tries;
        bool late; /* a question for the revision was not answered in time */
        uint64_t not_before;
        Identity *identity;
};

IdentityProbe *identity_probe_new(void)
{
        IdentityProbe *p = g_new0(IdentityProbe, 1);

        p->identity = identity_new();
        return p;
}

void identity_probe_free(IdentityProbe *p)
{
        if (!p)
                return;
        identity_free(p->identity);
        g_free(p);
}

const char *identity_probe_next(IdentityProbe *p, uint64_t now, uint64_t *ret_at)
{
        *ret_at = UINT64_MAX;
        if (now < p->not_before) {
                *ret_at = p->not_before;
                return NULL;
        }
        switch (p->question) {
        case ASK_ATI: return "ATI";
        case ASK_CGMI: return "AT+CGMI";
        case ASK_CGMM: return "AT+CGMM";
        case ASK_GMR: return "AT+GMR";
        case ASK_CGMR: return "AT+CGMR";
        case ASK_QGMR: return "AT+QGMR";
        case ASK_CGSN: return "AT+CGSN";
        case ASK_NOTHING: return NULL;
        }
        return NULL;
}

bool identity_probe_is_nameless(const IdentityProbe *p)
{
        return !*p->identity->revision && !*p->identity->build && !p->late;
}

bool identity_probe_done(const IdentityProbe *p)
{
        return p->question == ASK_NOTHING;
}

Identity *identity_probe_steal(IdentityProbe *p)
{
        return g_steal_pointer(&p->identity);
}

/* The value of an answer: its first line that holds nothing but printable ASCII, without a "+CGMR: " and quotes. */
static char *answer_value(const char *information)
{
        g_auto(GStrv) lines = g_strsplit(information, "\n", -1);

        for (char **line = lines; *line; line++) {
                g_autofree char *value = NULL;
                const char *start = *line, *colon;
                bool good = true;

                if (*start == '+' && (colon = strstr(start, ": ")))
                        start = colon + 2;
                value = g_strstrip(g_strdup(start));
                if (*value == '"' && strlen(value) >= 2 && g_str_has_suffix(value, "\"")) {
                        value[strlen(value) - 1] = 0;
                        memmove(value, value + 1, strlen(value));
                }
                for (const char *c = value; *c; c++)
                        if (*c < ' ' || *c > '~')
                                good = false;
                if (good && *value && strlen(value) <= TEXT_MAX)
                        return g_steal_pointer(&value);
        }
        return NULL;
}

static bool take(char **field, const char *information)
{
        g_autofree char *value = answer_value(information);

        if (!value)
                return false;
        g_free(*field);
        *field = g_steal_pointer(&value);
        return true;
}

#define REVISION_PREFIX "Revision:"

/* Some firmware writes "Revision: " in front of the revision in AT+GMR and AT+CGMR, too, as in ATI. */
static char *revision_value(const char *information)
{
        char *value = answer_value(information);

        if (value && g_str_has_prefix(value, REVISION_PREFIX)) {
                memmove(value, value + strlen(REVISION_PREFIX), strlen(value) - strlen(REVISION_PREFIX) + 1);
                g_strstrip(value);
                if (!*value)
                        g_clear_pointer(&value, g_free);
        }
        return value;
}

static bool take_revision(char **field, const char *information)
{
        g_autofree char *value = revision_value(information);

        if (!value)
                return false;
        if (g_str_has_prefix(*field, value) && identity_flash_size(*field) > 0 && identity_flash_size(value) == 0)
                return true; /* the value is cut off */
        g_free(*field);
        *field = g_steal_pointer(&value);
        return true;
}

/* ATI: manufacturer, model, Revision: <revision>, each a line. */
static void read_ati(Identity *i, const char *information)
{
        g_auto(GStrv) lines = g_strsplit(information, "\n", -1);
        unsigned n = 0;

        for (char **line = lines; *line; line++) {
                if (g_str_has_prefix(*line, REVISION_PREFIX))
                        take_revision(&i->revision, *line);
                else if (n == 0 && ++n)
                        take(&i->manufacturer, *line);
                else if (n == 1 && ++n)
                        take(&i->model, *line);
        }
}

static bool is_imei(const char *s)
{
        return strlen(s) == 15 && strspn(s, "0123456789") == 15;
}

/* 3GPP TS 23.003, annex B: it makes the sum a multiple of ten. Every second digit, counted from the end, counts twice,
 * by the sum of its two digits. */
char identity_check_digit(const char *digits, size_t n)
{
        unsigned sum = 0;

        for (size_t i = 0; i < n; i++) {
                unsigned digit = (unsigned)(digits[n - 1 - i] - '0') * (i % 2 ? 1 : 2);

                sum += digit / 10 + digit % 10;
        }
        return (char)('0' + (10 - sum % 10) % 10);
}

bool identity_is_distinct_imei(const char *imei)
{
        return is_imei(imei) && strspn(imei, "0") < strlen(imei) &&
               imei[strlen(imei) - 1] == identity_check_digit(imei, strlen(imei) - 1);
}

static void distrust(char **text)
{
        for (const char *c = *text; *c; c++)
                if (!g_ascii_isprint(*c)) {
                        g_free(*text);
                        *text = g_strdup("");
                        return;
                }
}

void identity_distrust(Identity *i)
{
        distrust(&i->manufacturer);
        distrust(&i->model);
        distrust(&i->revision);
        distrust(&i->build);
        if (!is_imei(i->imei)) {
                g_free(i->imei);
                i->imei = g_strdup("");
        }
}

/* AT+QGMR repeats the revision and appends the build of its parts. Returns true if it has to be asked again later. */
static bool read_build(IdentityProbe *p, const char *information, uint64_t now)
{
        Identity *i = p->identity;
        g_autofree char *value = revision_value(information);

        if (!value)
                return false;
        if (g_str_has_suffix(value, ".00.000")) {
                if (++p->build_tries >= BUILD_TRIES)
                        return false;
                p->not_before = now + BUILD_INTERVAL;
                return true;
        }
        if (g_str_has_prefix(value, i->revision) && g_ascii_isalnum(value[strlen(i->revision)]) && *i->revision) {
                /* The revision is cut off: it has to be read again. */
                g_clear_pointer(&i->revision, g_free);
                i->revision = g_strdup("");
                p->late = true;
                return false;
        }
        /* Without a revision to compare, the text may be a build or a plain revision: it is kept as a build. */
        if (!*i->revision || (g_str_has_prefix(value, i->revision) && strcmp(value, i->revision) != 0)) {
                g_free(i->build);
                i->build = g_steal_pointer(&value);
        }
        return false;
}

void identity_probe_answer(IdentityProbe *p, AtResult result, const char *information, uint64_t now)
{
        Identity *i = p->identity;

        if (result != AT_RESULT_OK)
                information = "";
        if (result == AT_RESULT_TIMEOUT &&
            (p->question == ASK_ATI || p->question == ASK_GMR || p->question == ASK_CGMR || p->question == ASK_QGMR))
                p->late = true;
        switch (p->question) {
        case ASK_ATI:
                read_ati(i, information);
                p->question = ASK_CGMI;
                return;
        case ASK_CGMI:
                take(&i->manufacturer, information);
                p->question = ASK_CGMM;
                return;
        case ASK_CGMM:
                take(&i->model, information);
                p->question = ASK_GMR;
                return;
        case ASK_GMR:
                /* AT+CGMR is defined identical: asked only where AT+GMR is not known. */
                p->question = take_revision(&i->revision, information) ? ASK_QGMR : ASK_CGMR;
                return;
        case ASK_CGMR:
                take_revision(&i->revision, information);
                p->question = ASK_QGMR;
                return;
        case ASK_QGMR:
                if (!read_build(p, information, now))
                        p->question = ASK_CGSN;
                return;
        case ASK_CGSN: {
                g_autofree char *value = answer_value(information);

                if (value && is_imei(value)) {
                        g_free(i->imei);
                        i->imei = g_steal_pointer(&value);
                }
                p->question = ASK_NOTHING;
                return;
        }
        case ASK_NOTHING: return;
        }
}
