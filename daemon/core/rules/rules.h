/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/rules/rule.h"

/* Every rule that applies, in the table's order: RuleVerdict. The caller unrefs it. */
GPtrArray *rules_judge(const RuleFacts *facts);

/* The first broken condition of that stage, NULL if there is none. */
RuleVerdict *rules_find_broken(const RuleFacts *facts, RuleStage stage);

/* The advice of a stage: broken rules that are no conditions, as RuleVerdict. The caller unrefs the array. */
GPtrArray *rules_find_advice(const RuleFacts *facts, RuleStage stage);

/* Returns true if the source is the name of a package on the host rather than a URL. */
bool rules_source_is_file(const char *source);

/* The table's ids, to its NULL. */
const char *rules_id(unsigned i);
