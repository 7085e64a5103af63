/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A job's file returns the job that was saved and keeps no password once the job has ended; damage never yields a job
 * that would send other text or send again; and each code makes one sentence. */

#include "core/job/job.h"
#include "core/quectel/fingerprint.h"
#include "core/job/key-file.h"
#include "core/job/source.h"
#include "testing.h"

#define SECRET  "Geheim7"
#define SECRET2 "Apn-Pass9"
#define SECRET3 "Old-Pass5"

static Job *full_job(void)
{
        Job *job = job_new("42", "usb-1-1.2");
        g_autofree char *why = NULL;
        char **strings[] = { &job->source,          &job->imei,        &job->model,
                             &job->from_revision,   &job->from_build,  &job->to_revision,
                             &job->to_build,        &job->boot,        &job->urc_port_before,
                             &job->fota_cid_before, &job->apn_before,  &job->power_control_before,
                             &job->message,         &job->qind_before, &job->qind_fota_before };
        static const char *const values[] = { "ftp://user:" SECRET "@h/x.bin",
                                              "860000000000001",
                                              "EC200A",
                                              "EC200ACNHAR01A01M16",
                                              "EC200ACNHAR01A01M16_01.001",
                                              "EC200ACNHAR01A02M16",
                                              "EC200ACNHAR01A02M16_01.002",
                                              "b1946ac9-2b0f-4c1c-9a6b-0d6d1b0f0b6a",
                                              "uart1",
                                              "1",
                                              "1,\"iot\",\"gw\",\"" SECRET3 "\",1",
                                              "auto",
                                              " A sentence; with = # \\ and \t\n in it. ",
                                              "0",
                                              "0" };

        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++) {
                g_free(*strings[i]);
                *strings[i] = g_strdup(values[i]);
        }
        ck_assert(options_set_number(job->options, "cid", 2, &why));
        ck_assert(options_set_string(job->options, "apn", "cmnet", &why));
        ck_assert(options_set_string(job->options, "apn-password", SECRET2, &why));
        ck_assert(options_set_string(job->options, "request-id", "night 1", &why));
        g_free(job->request_source);
        g_free(job->request_options);
        job_describe_request(job->source, false, job->options, &job->request_source, &job->request_options);
        job->origin = JOB_ORIGIN_ADOPTED;
        job->created = 1700000000000000;
        job->method = METHOD_DFOTA;
        job->state = JOB_UPDATING;
        job->percent = 73;
        job->restarts = 3;
        job->sent = true;
        job->reached = JOB_REACHED_ENDED;
        job->restarted_since_end = job->percentage = job->context_up = true;
        job->urc_port_unread = job->fota_cid_unread = job->apn_unread = true;
        job->abandon = HOST_DOWNLOAD_TIMEOUT;
        job->device = 1 << 20 | 7;
        job->download_max = 50;
        job->started_by = 4294967294;
        return job;
}

static Job *reload(const Job *job, char **ret_text)
{
        g_autofree char *text = job_to_text(job), *why = NULL;
        Job *loaded = job_from_text(text, job->id, &why);

        ck_assert_msg(loaded, "%s\n%s", why, text);
        if (ret_text)
                *ret_text = g_steal_pointer(&text);
        return loaded;
}

START_TEST(round_trip)
{
        g_autoptr(Job) a = full_job(), b = reload(a, NULL);
        g_autofree char *text_a = job_to_text(a), *text_b = job_to_text(b);

        ck_assert_str_eq(text_a, text_b);
        ck_assert_str_eq(a->id, b->id);
        ck_assert_str_eq(a->module, b->module);
        ck_assert_str_eq(a->source, b->source);
        ck_assert_str_eq(a->imei, b->imei);
        ck_assert_str_eq(a->model, b->model);
        ck_assert_str_eq(a->from_revision, b->from_revision);
        ck_assert_str_eq(a->from_build, b->from_build);
        ck_assert_str_eq(a->to_revision, b->to_revision);
        ck_assert_str_eq(a->to_build, b->to_build);
        ck_assert_str_eq(a->boot, b->boot);
        ck_assert_str_eq(a->urc_port_before, b->urc_port_before);
        ck_assert_str_eq(a->qind_before, b->qind_before);
        ck_assert_str_eq(a->qind_fota_before, b->qind_fota_before);
        ck_assert_str_eq(a->fota_cid_before, b->fota_cid_before);
        ck_assert_str_eq(a->apn_before, b->apn_before);
        ck_assert(b->context_up && b->urc_port_unread && b->fota_cid_unread && b->apn_unread);
        ck_assert_int_eq(b->started_by, 4294967294);
        ck_assert_str_eq(a->power_control_before, b->power_control_before);
        ck_assert_str_eq(a->message, b->message);
        ck_assert_str_eq(b->options->apn_password, SECRET2);
        ck_assert_str_eq(b->options->request_id, "night 1");
        ck_assert_str_eq(b->request_source, "ftp://user:***@h/x.bin");
        ck_assert_str_eq(b->request_options, "cid=2, apn=cmnet, apn-password=***, request-id=night 1");
        ck_assert(b->options->cid == 2 && b->origin == a->origin && b->created == a->created && b->finished == 0);
        ck_assert(b->method == a->method && b->state == a->state && b->percent == 73 && b->restarts == 3);
        ck_assert(b->sent && b->reached == JOB_REACHED_ENDED && b->restarted_since_end && b->percentage);
        ck_assert_int_eq(b->download_max, 50);
        ck_assert(b->abandon == HOST_DOWNLOAD_TIMEOUT && b->device == a->device && b->result == JOB_RESULT_NONE);
}
END_TEST

/* Records are written without GKeyFile, and read with it. */
START_TEST(text_is_that_of_a_key_file)
{
        static const char *const values[] = { "",       "a b", "  two blanks", "\t \ttabs\t", "\n",
                                              "a\r\nb", "\\",  "\\s\\n",       "a;b=c#d [e]", "# no comment",
                                              "[no]",   " ",   "Größe 模块",   " \\\n\r ",    "ends with a \\" };
        g_autoptr(GKeyFile) f = g_key_file_new();
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *expected = NULL;

        key_file_append_group(text, "A");
        for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
                g_autofree char *key = g_strdup_printf("Key%u", i);

                key_file_append_string(text, key, values[i]);
                g_key_file_set_string(f, "A", key, values[i]);
        }
        key_file_append_group(text, "B");
        key_file_append_number(text, "least", INT64_MIN);
        g_key_file_set_int64(f, "B", "least", INT64_MIN);
        key_file_append_number(text, "most", INT64_MAX);
        g_key_file_set_int64(f, "B", "most", INT64_MAX);
        key_file_append_number(text, "zero", 0);
        g_key_file_set_int64(f, "B", "zero", 0);
        key_file_append_boolean(text, "yes", true);
        g_key_file_set_boolean(f, "B", "yes", true);
        key_file_append_boolean(text, "no", false);
        g_key_file_set_boolean(f, "B", "no", false);
        expected = g_key_file_to_data(f, NULL, NULL);
        ck_assert_str_eq(text->str, expected);
}
END_TEST

START_TEST(round_trip_of_an_empty_one)
{
        g_autoptr(Job) a = job_new("1", "usb-1-1"), b = NULL;

        g_free(a->source);
        a->source = g_strdup("http://h/x.bin");
        b = reload(a, NULL);
        ck_assert(!b->sent && b->reached == JOB_REACHED_NOTHING && b->state == JOB_QUEUED && b->abandon == 0 &&
                  b->percent == 0);
        ck_assert_str_eq(b->imei, "");
        ck_assert_int_eq(b->download_max, -1);
        ck_assert_int_eq(b->started_by, -1);
        ck_assert_uint_eq(job_download_max(b), 100);
        b->options->download_urc_max = 20;
        ck_assert_uint_eq(job_download_max(b), 20);
}
END_TEST

/* fotad 0.1.0 asked the firmware about SMS only. */
START_TEST(fingerprint_of_an_old_record)
{
        g_autoptr(Job) a = full_job(), b = NULL, c = NULL;
        g_autofree char *why = NULL, *text = NULL;
        g_autoptr(GString) old = NULL;

        a->firmware_knows = FINGERPRINT_ALL;
        b = reload(a, NULL);
        ck_assert_uint_eq(b->firmware_knows, FINGERPRINT_ALL);
        a->firmware_knows = 0;
        text = job_to_text(a);
        old = g_string_new(text);
        g_string_replace(old, "Knows=0\n", "HasSms=true\n", 1);
        c = job_from_text(old->str, a->id, &why);
        ck_assert_msg(c, "%s", why);
        ck_assert_uint_eq(c->firmware_knows, FINGERPRINT_SMS);
}
END_TEST

START_TEST(round_trip_of_every_end)
{
        for (int result = JOB_RESULT_SUCCESS; result < _JOB_RESULT_MAX; result++)
                for (int announced = 0; announced < _JOB_ANNOUNCED_MAX; announced++) {
                        g_autoptr(Job) a = full_job(), b = NULL;

                        job_set_result(a, (JobResult)result,
                                       result == JOB_RESULT_SUCCESS ? CODE_DOMAIN_NONE : CODE_DOMAIN_HTTP, 714, NULL);
                        a->announced = (JobAnnounced)announced;
                        a->state = JOB_FINISHED;
                        a->finished = 1700000001000000;
                        job_forget_secrets(a);
                        b = reload(a, NULL);
                        ck_assert(b->result == a->result && b->announced == a->announced && b->domain == a->domain &&
                                  b->code == a->code && b->finished == a->finished);
                        ck_assert_str_eq(b->message, a->message);
                        ck_assert_str_eq(job_error_name(b), result == JOB_RESULT_SUCCESS ? "" : "dns-failed");
                }
}
END_TEST

/* ---- passwords */

START_TEST(secrets_are_erased)
{
        g_autoptr(Job) job = full_job();
        g_autofree char *before = job_to_text(job), *after = NULL, *shown = job_source_shown(job);

        assert_has(before, SECRET);
        assert_has(before, SECRET2);
        assert_has(before, SECRET3);
        assert_has_not(shown, SECRET);
        job_forget_secrets(job);
        after = job_to_text(job);
        assert_has_not(after, SECRET);
        assert_has_not(after, SECRET2);
        assert_has_not(after, SECRET3);
        ck_assert_str_eq(job->apn_before, "");
        ck_assert_str_eq(job->source, "ftp://user:***@h/x.bin");
        ck_assert_ptr_null(job->options->apn_password);
        job_forget_secrets(job);
        ck_assert_str_eq(job->source, "ftp://user:***@h/x.bin");
}
END_TEST

/* ---- files that cannot be read */

/* The record of a broken file: the whole text, without the passwords. */
static const struct {
        const char *before, *after;
} masks[] = {
        { "", "" },
        { "\n\n", "\n\n" },
        { "garbage \xff\x01 = # [\n", "garbage \xff\x01 = # [\n" },
        { "[Job]\nSource=ftp://user:" SECRET "@h/x.bin\nImei=1\n", "[Job]\nSource=ftp://user:***@h/x.bin\nImei=1\n" },
        { "  Source = ftp://user:" SECRET "@h/x.bin\r\n", "  Source = ftp://user:***@h/x.bin\r\n" },
        { "Source=user:" SECRET "@h\n", "Source=user:***@h\n" },
        { "Source=http://h/x.bin\n", "Source=http://h/x.bin\n" },
        { "RetrySource=https://h/x?sig=" SECRET "&v=2\n", "RetrySource=https://h/x?sig=***&v=***\n" },
        { "Source=ftp://user:" SECRET, "Source=***" },
        { "[Options]\napn-password=" SECRET2 "\napn=cmnet\n", "[Options]\napn-password=***\napn=cmnet\n" },
        { "apn-password = " SECRET2, "apn-password =***" },
        { "[Job]\nApnBefore=1,\"a\",\"b\",\"" SECRET3 "\",1\nImei=1\n", "[Job]\nApnBefore=***\nImei=1\n" },
        { "apn-user=me\nSourced=x:y@z\nMessage=Source=x\n", "apn-user=me\nSourced=x:***@z\nMessage=Source=x\n" },
};

START_TEST(broken_records_are_masked)
{
        GString *masked = job_mask_text(masks[_i].before, strlen(masks[_i].before));

        ck_assert_str_eq(masked->str, masks[_i].after);
        g_string_free(masked, TRUE);
}
END_TEST

/* Any byte of a key, or the end of the line before it, is replaced by any other value. */
START_TEST(damaged_keys_are_masked)
{
        static const char *const lines[] = { "\nSource=ftp://user:" SECRET "@h/x.bin\n",
                                             "\nRetrySource=ftp://user:" SECRET "@h/x.bin\n",
                                             "\napn-password=" SECRET2 "\n",
                                             "\nApnBefore=1,\"a\",\"b\",\"" SECRET3 "\",1\n" };
        const char *line = lines[_i];

        for (size_t at = 0; at <= (size_t)(strchr(line, '=') - line); at++)
                for (unsigned byte = 0; byte <= UCHAR_MAX; byte++) {
                        g_autofree char *text = g_strconcat("[Job]\nImei=1", line, "Model=EC200A\n", NULL);
                        size_t length = strlen(text);
                        GString *masked;

                        text[strlen("[Job]\nImei=1") + at] = (char)byte;
                        masked = job_mask_text(text, length);
                        for (char *p = masked->str; p < masked->str + masked->len; p++)
                                *p = *p ? *p : ' ';
                        assert_has_not(masked->str, SECRET);
                        assert_has_not(masked->str, SECRET2);
                        assert_has_not(masked->str, SECRET3);
                        g_string_free(masked, TRUE);
                }
}
END_TEST

START_TEST(bytes_that_are_no_text_are_masked)
{
        static const char before[] = "Imei=1\0002\nSource=ftp://user\0:" SECRET "@h/x\nModel=\0\n",
                          after[] = "Imei=1\0002\nSource=***\nModel=\0\n";
        GString *masked = job_mask_text(before, sizeof(before) - 1);

        ck_assert_uint_eq(masked->len, sizeof(after) - 1);
        ck_assert(memcmp(masked->str, after, sizeof(after)) == 0);
        g_string_free(masked, TRUE);
}
END_TEST

static Job *load(const char *text, char **ret_why)
{
        Job *job;

        *ret_why = NULL;
        job = job_from_text(text, "42", ret_why);
        ck_assert_msg(!job == !!*ret_why, "refused without a reason, or taken with one");
        return job;
}

/* The conditions that hold for every job that was read, whatever happened to its file. */
static void assert_sane(const Job *job, const char *text)
{
        g_autofree char *why = NULL, *shown = job_source_shown(job), *again = job_to_text(job);
        const char *key;

        ck_assert(job->state < _JOB_STATE_MAX && job->result < _JOB_RESULT_MAX && job->percent <= 100);
        ck_assert_msg(*job->module, "%s", text);
        if (job->state != JOB_FINISHED && !job->sent) {
                ck_assert_msg(source_check(job->source, job->method, 0, job->options->allow_https, &why), "%s: %s", why,
                              text);
                ck_assert_msg(options_check(job->options, job->method, &key, &why), "%s %s: %s", key, why, text);
        }
        if (job->state == JOB_FINISHED)
                return;
        /* URCs of an upgrade come after AT+QFOTADL: a job that has lost Sent would send again */
        ck_assert_msg(job->sent || job->reached == JOB_REACHED_NOTHING,
                      "a job that is under way would be sent again:\n%s", text);
        ck_assert_msg(job->sent || (job->state != JOB_DOWNLOADING && job->state != JOB_UPDATING &&
                                    job->state != JOB_VERIFYING && job->state != JOB_STALLED),
                      "a job that is under way would be sent again:\n%s", text);
}

static Job *simple_job(int kind)
{
        Job *job = full_job();

        job->abandon = 0;
        if (kind == 1) { /* under way */
                job->reached = JOB_REACHED_UPDATING;
                job->restarted_since_end = false;
        } else if (kind == 0) { /* not begun */
                job->state = JOB_PREPARING;
                job->sent = false;
                job->reached = JOB_REACHED_NOTHING;
                job->restarted_since_end = job->percentage = false;
                job->percent = 0;
        } else { /* over */
                job_set_result(job, JOB_RESULT_FAILED, CODE_DOMAIN_UPDATE, 505, NULL);
                job->state = JOB_FINISHED;
                job->finished = 1700000001000000;
        }
        return job;
}

static void assert_no_secret(const char *text)
{
        assert_has_not(text, SECRET);
        assert_has_not(text, SECRET2);
        assert_has_not(text, SECRET3);
}

START_TEST(cut_anywhere)
{
        g_autoptr(Job) job = simple_job(_i);
        bool sent = job->sent && job->state != JOB_FINISHED;
        g_autofree char *text = job_to_text(job);

        for (size_t n = 0; n < strlen(text); n++) {
                g_autofree char *cut = g_strndup(text, n), *why = NULL;
                g_autoptr(Job) loaded = load(cut, &why);

                if (loaded)
                        assert_sane(loaded, cut);
                ck_assert_msg(!loaded || !sent || loaded->sent, "it would be sent again:\n%s", cut);
        }
}
END_TEST

START_TEST(one_byte_changed)
{
        g_autoptr(Job) job = simple_job(_i);
        g_autofree char *text = job_to_text(job);
        static const char bytes[] = "\x01\n\r =[]#\\\"0129azA\x7f\x80\xff";

        for (size_t n = 0; n < strlen(text); n++)
                for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
                        g_autofree char *changed = g_strdup(text), *why = NULL;
                        g_autoptr(Job) loaded = NULL;

                        changed[n] = bytes[b];
                        loaded = load(changed, &why);
                        if (loaded)
                                assert_sane(loaded, changed);
                        else
                                assert_no_secret(why); /* the reason goes to the log */
                }
}
END_TEST

START_TEST(random_damage)
{
        g_autoptr(GRand) rand = g_rand_new_with_seed(77u + (guint32)_i);
        g_autoptr(Job) job = simple_job(_i % 3);
        g_autofree char *text = job_to_text(job);

        for (unsigned round = 0; round < 3000; round++) {
                g_autofree char *changed = g_strdup(text), *why = NULL;
                g_autoptr(Job) loaded = NULL;
                int flips = g_rand_int_range(rand, 1, 5);

                while (flips-- > 0) {
                        gint32 position = g_rand_int_range(rand, 0, (gint32)strlen(text));

                        changed[position] ^= (char)(1 << g_rand_int_range(rand, 0, 8));
                }
                loaded = load(changed, &why);
                if (loaded && (loaded->state != JOB_FINISHED && !loaded->sent)) {
                        g_autofree char *no = NULL;

                        ck_assert_msg(
                                source_check(loaded->source, loaded->method, 0, loaded->options->allow_https, &no),
                                "%s", changed);
                }
        }
}
END_TEST

#define SENT "Sent=false\n"

#define MINIMAL                                                                                                        \
        "[Job]\nVersion=1\nId=42\nOrigin=request\nState=preparing\nMethod=dfota\nModule=usb-1\n"                       \
        "Source=http://h/x.bin\n" SENT

#define SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PACKAGE MINIMAL "File=true\nSource=x.bin\nPackageSize=5\nPackageSha256=" SHA256 "\n"

START_TEST(records_that_are_refused)
{
        static const char *const texts[] = {
                "",
                "\n",
                "rubbish",
                "[Job]\n",
                "[Other]\nVersion=1\n",
                /* the last value of a key counts: each of these lines breaks one rule */
                MINIMAL "Version=2\n",
                MINIMAL "Version=0\n",
                MINIMAL "Version=\n",
                MINIMAL "Id=43\n",
                MINIMAL "Origin=heaven\n",
                MINIMAL "State=flying\n",
                MINIMAL "Method=magic\n",
                MINIMAL "Module=\n",
                MINIMAL "Source=\n",
                MINIMAL "Source=http://h/x\"\\r\\nAT+CFUN=0\n",
                "[Job]\nId=42\nOrigin=request\nState=preparing\nMethod=dfota\nModule=m\nSource=http://h/x\n" SENT,
                MINIMAL "Result=maybe\nAnnounced=no\n",
                MINIMAL "Result=failed\nAnnounced=perhaps\n",
                MINIMAL "Result=failed\n",
                MINIMAL "Finished=5\n",
                MINIMAL "State=finished\n",
                MINIMAL "State=finished\nFinished=5\n",
                MINIMAL "[Options]\ncid=99\n",
                MINIMAL "[Options]\napn=x\"\n",
                MINIMAL "[Options]\napn=cmnet\n",
                MINIMAL "[Options]\nrequest-id=\n",
                MINIMAL "[Options]\nrequest-id=a\\nb\n",
                MINIMAL "RequestSource=a\\nb\n",
                MINIMAL "RequestOptions=\\q\n",
                /* a value that cannot be parsed is no value: Sent above all */
                MINIMAL "Sent=perhaps\n",
                MINIMAL "Sent=\n",
                MINIMAL "Updating=tru\n",
                MINIMAL "Ended=2\n",
                MINIMAL "Percent=many\n",
                MINIMAL "Device=x\n",
                MINIMAL "Restarts=-1x\n",
                MINIMAL "Created=abc\n",
                /* a number that is out of its range */
                MINIMAL "Restarts=-1\n",
                MINIMAL "Restarts=+1\n",
                MINIMAL "Restarts=4294967296\n",
                MINIMAL "Created=-1\n",
                MINIMAL "Created=9223372036854775808\n",
                MINIMAL "EndNumber=18446744073709551615\n",
                MINIMAL "PackageSize=-5\n",
                MINIMAL "TakeUps=-3\n",
                MINIMAL "Percent=-1\n",
                MINIMAL "Percent=101\n",
                MINIMAL "StartedBy=-1\n",
                MINIMAL "StartedBy=4294967295\n",
                MINIMAL "DownloadMax=-1\n",
                MINIMAL "SaidDomain=http\nSaidCode=many\n",
                MINIMAL "ErrorDomain=http\nErrorCode=99999999999\n",
                MINIMAL "Imei=\\q\n",
                MINIMAL "FromRevision=\xff\xfe\n",
                MINIMAL "Abandon=boredom\n",
                /* the one fact that must never be lost is always written */
                "[Job]\nVersion=1\nId=42\nOrigin=request\nState=restarting\nMethod=dfota\nModule=m\nSource=http://h/"
                "x\n",
                /* facts that exclude each other */
                MINIMAL "State=downloading\n",
                MINIMAL "State=updating\n",
                MINIMAL "State=verifying\n",
                MINIMAL "Accepted=true\n",
                MINIMAL "Downloading=true\n",
                MINIMAL "Downloaded=true\n",
                MINIMAL "Updating=true\n",
                MINIMAL "Ended=true\n",
                /* a package on the host that is not described */
                PACKAGE "PackageSize=0\n",
                PACKAGE "PackageSha256=\n",
                PACKAGE "PackageSha256=" SHA256 "0\n",
                PACKAGE "Source=a/x.bin\n",
                PACKAGE "Method=minifota\n",
        };
        GString *taken = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autofree char *why = NULL;
                g_autoptr(Job) job = load(texts[i], &why);

                if (job)
                        g_string_append_printf(taken, "%s---\n",
                                               g_str_has_prefix(texts[i], MINIMAL) ? texts[i] + strlen(MINIMAL)
                                                                                   : texts[i]);
        }
        ck_assert_msg(taken->len == 0, "these were taken:\n%s", taken->str);
        g_string_free(taken, TRUE);
}
END_TEST

START_TEST(records_that_are_accepted)
{
        static const char *const texts[] = { MINIMAL,
                                             PACKAGE,
                                             MINIMAL "Unknown=1\n[Future]\nx=y\n",
                                             MINIMAL "Sent=false\n",
                                             MINIMAL "State=queued\n",
                                             MINIMAL "State=restarting\n",
                                             MINIMAL "Sent=true\nState=downloading\n" };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autofree char *why = NULL;
                g_autoptr(Job) job = load(texts[i], &why);

                ck_assert_msg(job, "%s: %s", why, texts[i]);
        }
}
END_TEST

/* 100 means success: a file cannot give it to a job that runs. */
START_TEST(percent_of_a_running_job)
{
        g_autofree char *why = NULL;
        g_autoptr(Job) job = load(MINIMAL "Sent=true\nState=downloading\nPercent=100\n", &why);

        ck_assert_ptr_nonnull(job);
        ck_assert_uint_lt(job->percent, 100);
}
END_TEST

/* ---- sentences */

static void assert_sentence(const char *message)
{
        size_t n = strlen(message);

        ck_assert_msg(n > 10 && message[n - 1] == '.' && message[n - 2] != '.' && message[n - 2] != ' ', "%s", message);
        ck_assert_msg(!strstr(message, "  ") && !strstr(message, ". ") && !strstr(message, "( ") &&
                              !strstr(message, "()") && !strstr(message, " :") && !strchr(message, '\n'),
                      "%s", message);
        ck_assert_msg(g_ascii_isupper(message[0]), "%s", message);
}

START_TEST(every_code_makes_a_sentence)
{
        for (size_t i = 0; i < code_table_size; i++)
                for (unsigned d = 0; d < 2; d++) {
                        const Code *code = &code_table[i];
                        g_autoptr(Job) job = job_new("1", "m");
                        g_autofree char *number = g_strdup_printf("code %d", code->number);

                        job_set_result(job, JOB_RESULT_FAILED, code->domain, code->number,
                                       d ? "to AT+QFOTADL (+CME ERROR: 50)" : NULL);
                        assert_sentence(job->message);
                        assert_has(job->message, code->what);
                        assert_has(job->message, code->remedy);
                        ck_assert_str_eq(job_error_name(job), code->name);
                        if (code->domain != CODE_DOMAIN_HOST)
                                assert_has(job->message, number);
                        if (d)
                                assert_has(job->message, "+CME ERROR: 50");
                }
}
END_TEST

START_TEST(unlisted_numbers_are_kept)
{
        static const int numbers[] = { 12, -1, 999, 570000 };

        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
                g_autoptr(Job) job = job_new("1", "m"), again = NULL;
                g_autofree char *number = g_strdup_printf("HTTP code %d", numbers[i]);

                g_free(job->source);
                job->source = g_strdup("http://h/x.bin");
                job_set_result(job, JOB_RESULT_FAILED, CODE_DOMAIN_HTTP, numbers[i], NULL);
                assert_sentence(job->message);
                assert_has(job->message, number);
                ck_assert_str_eq(job_error_name(job), "unlisted");
                again = reload(job, NULL);
                ck_assert_int_eq(again->code, numbers[i]);
        }
}
END_TEST

START_TEST(success_names_the_revision)
{
        g_autoptr(Job) job = full_job();

        job_set_result(job, JOB_RESULT_SUCCESS, CODE_DOMAIN_NONE, 5, NULL);
        g_free(job->options->apn);
        job->options->apn = NULL;
        assert_sentence(job->message);
        assert_has(job->message, "EC200ACNHAR01A02M16");
        ck_assert_int_eq(job->code, 0);
        ck_assert_str_eq(job_error_name(job), "");
}
END_TEST

START_TEST(names)
{
        static const char *const states[] = { "queued",   "preparing", "downloading", "restarting",
                                              "updating", "verifying", "stalled",     "finished" };

        for (int s = 0; s < _JOB_STATE_MAX; s++) {
                bool found = false;

                for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
                        found = found || strcmp(job_state_to_string((JobState)s), states[i]) == 0;
                ck_assert(found);
        }
        ck_assert_str_eq(job_state_to_string(JOB_STALLED), "stalled");
        ck_assert_str_eq(job_result_to_string(JOB_RESULT_NONE), "");
        ck_assert_str_eq(job_result_to_string(JOB_RESULT_SUCCESS), "success");
        ck_assert_str_eq(job_result_to_string(JOB_RESULT_FAILED), "failed");
        ck_assert_str_eq(job_result_to_string(JOB_RESULT_CANCELLED), "cancelled");
        ck_assert_str_eq(job_origin_to_string(JOB_ORIGIN_REQUEST), "request");
        ck_assert_str_eq(job_origin_to_string(JOB_ORIGIN_ADOPTED), "adopted");
        job_free(NULL);
}
END_TEST

/* The same for a job that is closed without its module. */
START_TEST(settings_that_stay_are_named)
{
        static const char *const words[] = { "AT+QURCCFG",
                                             "AT+QINDCFG=\"all\"",
                                             "AT+QINDCFG=\"FOTA\"",
                                             "AT+QIACT",
                                             "fota/cid",
                                             "AT+QICSGP",
                                             "usbifc",
                                             "power/control",
                                             "radio",
                                             "could not be read",
                                             "AT+CFUN=1 turns it on." };
        g_autoptr(Job) job = full_job();

        job_set_string(&job->flow_before, "0,0");
        job->radio_off = true;
        job_set_result(job, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, HOST_INTERRUPTED, NULL);
        job_tell_what_stays(job, true);
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                assert_has(job->message, words[i]);
        assert_has_not(job->message, SECRET3);
        job_set_string(&job->power_control_before, "on"); /* no job changes this text */
        job_set_message(job, ".");
        job_tell_what_stays(job, true);
        assert_has_not(job->message, "power/control");
}
END_TEST

/* User 0 is root, and no unknown user. */
START_TEST(started_by)
{
        static const int64_t users[] = { -1, 0, 1, 4294967294 };
        g_autoptr(Job) job = full_job(), loaded = NULL;

        job->started_by = users[_i];
        loaded = reload(job, NULL);
        ck_assert_int_eq(loaded->started_by, users[_i]);
}
END_TEST

/* A job has ended once its last record is on the disk. */
START_TEST(ended)
{
        g_autoptr(Job) job = full_job();

        ck_assert(!job_has_ended(job));
        job->state = JOB_FINISHED;
        ck_assert(job_has_ended(job));
        job->awaits_record = true;
        ck_assert(!job_has_ended(job));
}
END_TEST

/* An end that is that of an earlier job in every respect; each row changes one of them. */
static const struct {
        const char *module, *to_revision;
        CodeDomain domain;
        int code;
        bool both_adopted, repeats;
} ends[] = {
        { "usb-1-1", "R1", CODE_DOMAIN_HOST, HOST_INTERRUPTED, true, true },
        { "usb-1-2", "R1", CODE_DOMAIN_HOST, HOST_INTERRUPTED, true, false },
        { "usb-1-1", "R2", CODE_DOMAIN_HOST, HOST_INTERRUPTED, true, false },
        { "usb-1-1", "R1", CODE_DOMAIN_HTTP, HOST_INTERRUPTED, true, false },
        { "usb-1-1", "R1", CODE_DOMAIN_HOST, HOST_UNCHANGED, true, false },
        { "usb-1-1", "R1", CODE_DOMAIN_HOST, HOST_INTERRUPTED, false, false },
};

START_TEST(ends_that_repeat)
{
        g_autoptr(Job) earlier = job_new("1", "usb-1-1"), job = job_new("2", ends[_i].module);
        Job *jobs[] = { earlier, job };

        for (unsigned i = 0; i < 2; i++) {
                jobs[i]->origin = ends[_i].both_adopted || i == 0 ? JOB_ORIGIN_ADOPTED : JOB_ORIGIN_REQUEST;
                jobs[i]->state = JOB_FINISHED;
                jobs[i]->result = JOB_RESULT_FAILED;
                jobs[i]->domain = i ? ends[_i].domain : CODE_DOMAIN_HOST;
                jobs[i]->code = i ? ends[_i].code : HOST_INTERRUPTED;
                job_set_string(&jobs[i]->to_revision, i ? ends[_i].to_revision : "R1");
        }
        ck_assert(job_repeats(job, earlier) == ends[_i].repeats);
        earlier->result = JOB_RESULT_SUCCESS;
        ck_assert(!job_repeats(job, earlier));
}
END_TEST

/* An upgrade that was seen is no repetition. */
START_TEST(progress_does_not_repeat)
{
        g_autoptr(Job) earlier = job_new("1", "usb-1-1"), job = job_new("2", "usb-1-1");
        Job *changed = _i % 2 ? earlier : job;

        earlier->origin = job->origin = JOB_ORIGIN_ADOPTED;
        earlier->state = job->state = JOB_FINISHED;
        ck_assert(job_repeats(job, earlier));
        switch (_i / 2) {
        case 0: changed->restarts = 1; break;
        case 1: changed->percent = 1; break;
        case 2: changed->reached = JOB_REACHED_UPDATING; break;
        case 3: changed->watched = true; break;
        default: changed->state = JOB_VERIFYING; break;
        }
        ck_assert(!job_repeats(job, earlier));
}
END_TEST

/* Calls with the request id return the earlier job, so it stays in the history. */
START_TEST(job_with_a_request_id_is_not_repeated)
{
        g_autoptr(Job) earlier = job_new("1", "usb-1-1"), job = job_new("2", "usb-1-1");
        g_autofree char *why = NULL;

        earlier->origin = job->origin = JOB_ORIGIN_ADOPTED;
        earlier->state = job->state = JOB_FINISHED;
        ck_assert(options_set_string(job->options, "request-id", "r2", &why));
        ck_assert(job_repeats(job, earlier));
        ck_assert(options_set_string(earlier->options, "request-id", "r1", &why));
        ck_assert(!job_repeats(job, earlier));
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("job");

        tcase_add_test(t, round_trip);
        tcase_add_test(t, text_is_that_of_a_key_file);
        tcase_add_test(t, round_trip_of_an_empty_one);
        tcase_add_test(t, fingerprint_of_an_old_record);
        tcase_add_test(t, round_trip_of_every_end);
        tcase_add_test(t, secrets_are_erased);
        tcase_add_loop_test(t, broken_records_are_masked, 0, G_N_ELEMENTS(masks));
        tcase_add_loop_test(t, damaged_keys_are_masked, 0, 4);
        tcase_add_test(t, bytes_that_are_no_text_are_masked);
        tcase_add_loop_test(t, cut_anywhere, 0, 3);
        tcase_add_loop_test(t, one_byte_changed, 0, 3);
        tcase_add_loop_test(t, random_damage, 0, 6);
        tcase_add_test(t, records_that_are_refused);
        tcase_add_test(t, records_that_are_accepted);
        tcase_add_test(t, percent_of_a_running_job);
        tcase_add_test(t, every_code_makes_a_sentence);
        tcase_add_test(t, unlisted_numbers_are_kept);
        tcase_add_test(t, success_names_the_revision);
        tcase_add_test(t, names);
        tcase_add_test(t, settings_that_stay_are_named);
        tcase_add_loop_test(t, started_by, 0, 4);
        tcase_add_test(t, ended);
        tcase_add_loop_test(t, ends_that_repeat, 0, G_N_ELEMENTS(ends));
        tcase_add_loop_test(t, progress_does_not_repeat, 0, 10);
        tcase_add_test(t, job_with_a_request_id_is_not_repeated);
        return testing_run(t, "job");
}
