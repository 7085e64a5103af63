/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/rules.h"

/* Shared by the rules*.c files only. */

/* A rule's verdict: what was found, and what to do about it. */
void rule_holds(RuleVerdict *verdict, const char *format, ...) G_GNUC_PRINTF(2, 3);
void rule_broken(RuleVerdict *verdict, RuleRefusal refusal, const char *remedy, const char *format, ...)
        G_GNUC_PRINTF(4, 5);

/* rules-dialogue.c: those that the module is asked about. */
void judge_qfotadl(const RuleFacts *facts, RuleVerdict *verdict);
void judge_sim(const RuleFacts *facts, RuleVerdict *verdict);
void judge_registration(const RuleFacts *facts, RuleVerdict *verdict);
void judge_signal(const RuleFacts *facts, RuleVerdict *verdict);
void judge_pdp_context(const RuleFacts *facts, RuleVerdict *verdict);
void judge_space(const RuleFacts *facts, RuleVerdict *verdict);
void judge_urc_port(const RuleFacts *facts, RuleVerdict *verdict);
