/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run.h"

/* Replaces the plan by a smaller one whose run ends in the same kind: with fewer faults and incidents, and a more
 * ordinary module. */
void shrink(Plan *plan);
