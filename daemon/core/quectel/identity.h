/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/at/at-engine.h"

/* How a module is upgraded (guide 4). */
typedef enum Method {
        METHOD_UNKNOWN,
        METHOD_DFOTA,
        METHOD_MINIFOTA,
} Method;

const char *method_to_string(Method method); /* unknown, dfota, minifota */
bool method_from_string(const char *s, Method *ret);

/* The identity that a module reports. No string is NULL; "" is unknown. All are printable ASCII. */
typedef struct Identity {
        char *manufacturer;
        char *model;
        char *revision; /* ATI, AT+GMR, AT+CGMR: EC200AEUHAR01A02M16 */
        char *build;    /* AT+QGMR: the revision and the build of its parts, EC200AEUHAR01A02M16_01.001.01.001; "" if
                           the module does not tell, or is not ready to tell, more than the revision */
        char *imei;
} Identity;

Identity *identity_new(void);
Identity *identity_copy(const Identity *identity);
/* Fills the empty fields from another identity. */
void identity_complete(Identity *identity, const Identity *other);
bool identity_equal(const Identity *a, const Identity *b);
/* Clears the invalid fields of an identity that another program read: text that is not printable ASCII, a wrong IMEI.
 */
void identity_distrust(Identity *identity);
/* Returns true if an IMEI tells one module from all others: its check digit is right, and it is not the
 * 000000000000000 that some factories leave. */
bool identity_is_distinct_imei(const char *imei);
/* The check digit behind that many digits: of an IMEI behind 14; an ICCID has one of the same kind. */
char identity_check_digit(const char *digits, size_t n);
void identity_free(Identity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Identity, identity_free)

/* MiB, from the revision's last M02, M04, M08 or M16 that ends it or stands before _ or . (guide 4); 0 unknown. */
unsigned identity_flash_size(const char *revision);

/* Guide 4: EC200A upgrades by DFOTA with 8 and 16 MiB, all others by DFOTA with 16 and by MiniFOTA with less. */
Method identity_method(const char *model, const char *revision);

/* Returns true if both pairs belong to the same firmware. */
bool identity_same_firmware(const char *revision_a, const char *build_a, const char *revision_b, const char *build_b);

/* Returns true if revision can be another one of the firmware whose revision is before: both are of the same model,
 * have a version as in R01A02, and name the same flash size. Of an unknown one only the version is asked. */
bool identity_fits(const char *before, const char *revision);

/* Where AT+QGMR alone was answered, the build is compared with an earlier one: if it is the same, so is the revision.
 */
void identity_take_known_build(Identity *identity, const char *revision, const char *build);

/* Reading an identity: a dialogue of a few commands. */
typedef struct IdentityProbe IdentityProbe;

IdentityProbe *identity_probe_new(void);
void identity_probe_free(IdentityProbe *probe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IdentityProbe, identity_probe_free)

/* The next command to send. NULL: either all is read (identity_probe_done), or nothing is to be sent before *ret_at,
 * in µs, because the module is not ready yet. */
const char *identity_probe_next(IdentityProbe *probe, uint64_t now, uint64_t *ret_at);

/* The answer to that command. */
void identity_probe_answer(IdentityProbe *probe, AtResult result, const char *information, uint64_t now);

bool identity_probe_done(const IdentityProbe *probe);

/* Returns true if the module answered each question for its revision and reported none. A question without an answer
 * in time leaves the revision unread. */
bool identity_probe_is_nameless(const IdentityProbe *probe);

/* The identity that was read; the revision is "" if the module reported none. The caller owns it; once only, after
 * identity_probe_done(). */
Identity *identity_probe_steal(IdentityProbe *probe);
