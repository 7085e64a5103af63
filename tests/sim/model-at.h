/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One AT command while it is carried out, between model-at.c, which finds it, and the files that carry it out.
 */
#pragma once

#include "model-private.h"

#define AT_ARGUMENTS_MAX 8

enum at_kind {
        AT_RUN,  /* AT+X */
        AT_READ, /* AT+X? */
        AT_TEST, /* AT+X=? */
        AT_SET,  /* AT+X=... */
};

struct at_argument {
        char *text;
        bool quoted;
};

struct at_call {
        Model *m;
        struct at_port *port;
        enum at_kind kind;
        unsigned n;
        struct at_argument argument[AT_ARGUMENTS_MAX];
        GString *info;   /* the answer's text so far */
        bool deferred;   /* at_port_result() will be called elsewhere */
        model_step then; /* after the result */
};

/* Appends a line to the answer. */
void at_info(struct at_call *call, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Argument `i`; false if it is missing or of another kind. */
bool at_string_at(const struct at_call *call, unsigned i, const char **ret);
bool at_number_at(const struct at_call *call, unsigned i, unsigned *ret);

/* Each returns 0 or a +CME ERROR number. */

/* --- model-at-info.c: the module's identity and state --- */

unsigned at_cmd_about(struct at_call *call); /* ATI */
unsigned at_cmd_manufacturer(struct at_call *call);
unsigned at_cmd_model(struct at_call *call);
unsigned at_cmd_revision(struct at_call *call);
unsigned at_cmd_qgmr(struct at_call *call);
unsigned at_cmd_csub(struct at_call *call);
unsigned at_cmd_imei(struct at_call *call);
unsigned at_cmd_cpin(struct at_call *call);
unsigned at_cmd_csq(struct at_call *call);
unsigned at_cmd_creg(struct at_call *call);
unsigned at_cmd_cgreg(struct at_call *call);
unsigned at_cmd_cereg(struct at_call *call);
unsigned at_cmd_cops(struct at_call *call);
unsigned at_cmd_cgatt(struct at_call *call);
unsigned at_cmd_cgact(struct at_call *call);
unsigned at_cmd_qnetdevctl(struct at_call *call);
unsigned at_cmd_qflds(struct at_call *call);
unsigned at_cmd_cpms(struct at_call *call);
unsigned at_cmd_cpbs(struct at_call *call);
unsigned at_cmd_cssn(struct at_call *call);

/* --- model-at-config.c: settings, and AT+QFOTADL --- */

unsigned at_cmd_cmee(struct at_call *call);
unsigned at_cmd_cfun(struct at_call *call);
unsigned at_cmd_cmgf(struct at_call *call);
unsigned at_cmd_ifc(struct at_call *call);
unsigned at_cmd_qicsgp(struct at_call *call);
unsigned at_cmd_qiact(struct at_call *call);
unsigned at_cmd_qideact(struct at_call *call);
unsigned at_cmd_qurccfg(struct at_call *call);
unsigned at_cmd_qcfg(struct at_call *call);
unsigned at_cmd_qindcfg(struct at_call *call);
unsigned at_cmd_qfotadl(struct at_call *call);
