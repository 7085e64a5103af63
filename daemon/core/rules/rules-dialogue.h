/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/rules/rule.h"

/* The rules whose facts the module is asked for; each sets the verdict. For rules.c only. */
void judge_qfotadl(const RuleFacts *facts, RuleVerdict *verdict);
void judge_sim(const RuleFacts *facts, RuleVerdict *verdict);
void judge_registration(const RuleFacts *facts, RuleVerdict *verdict);
void judge_signal(const RuleFacts *facts, RuleVerdict *verdict);
void judge_pdp_context(const RuleFacts *facts, RuleVerdict *verdict);
void judge_space(const RuleFacts *facts, RuleVerdict *verdict);
void judge_urc_port(const RuleFacts *facts, RuleVerdict *verdict);

/* Names the first option that the module's AT+QFOTADL=? does not list, and the values that the module lists; NULL if
 * all options are listed, or if the module lists none. The caller frees it. */
char *rules_unlisted(const Options *options, const Inspection *inspection);
#define RULES_UNLISTED_REMEDY "leave it out, or give a value of that list"
