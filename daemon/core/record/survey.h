/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The commands of a survey, in the order in which they are sent: each of them only reads. NULL behind the last one. */
const char *survey_question(unsigned i);
