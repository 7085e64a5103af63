/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints the table of an upgrade's phases, a line each, separated by tabs: name, states, cancellable or "-", critical
 * or "-", the phases that may follow, purpose. doc/phases.py makes the diagram from it. */

#include <stdio.h>

#include "core/state/upgrade-phase.h"

int main(void)
{
        for (unsigned i = 0; i < _PHASE_MAX; i++) {
                const PhaseTraits *t = phase_traits(i);

                printf("%s\t%s\t%s\t%s\t", t->name, t->states, t->cancellable ? "cancellable" : "-",
                       t->critical ? "critical" : "-");
                for (unsigned n = 0, first = 1; n < _PHASE_MAX; n++)
                        if (t->next & PHASE_BIT(n)) {
                                printf("%s%s", first ? "" : " ", phase_traits(n)->name);
                                first = 0;
                        }
                printf("\t%s\n", t->purpose);
        }
        return 0;
}
