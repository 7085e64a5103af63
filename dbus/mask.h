/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The text with * in place of the last digits of each IMEI (15 digits; an IMEISV has 16), of which the first eight, the
 * model's, stay. An IMSI is as long, and masked, too. The caller frees it. */
char *mask_imeis(const char *text);

/* The text with each URL in it as url_redact() shows it; a URL ends at a blank, a quote or a bracket. The caller frees
 * it. */
char *mask_urls(const char *text);
