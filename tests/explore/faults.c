/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "faults.h"

uint64_t dice_roll(Dice *dice)
{
        uint64_t z = dice->state += 0x9e3779b97f4a7c15u; /* splitmix64 */

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

uint64_t dice_between(Dice *dice, uint64_t least, uint64_t most)
{
        return least + dice_roll(dice) % (most - least + 1);
}

bool dice_hits(Dice *dice, unsigned per_mille)
{
        return per_mille && dice_roll(dice) % 1000 < per_mille;
}

void faults_begin(Faults *f, const GArray *script, uint64_t seed)
{
        f->script = script;
        f->happened = g_array_new(FALSE, FALSE, sizeof(Fault));
        f->opportunity = f->next = 0;
        f->over = false;
        f->dice.state = seed;
}

void faults_end(Faults *f)
{
        g_clear_pointer(&f->happened, g_array_unref);
}

void faults_next(Faults *f)
{
        f->opportunity++;
}

static const Fault *find_scripted(Faults *f, FaultType type)
{
        while (f->next < f->script->len && g_array_index(f->script, Fault, f->next).opportunity < f->opportunity)
                f->next++;
        for (unsigned i = f->next; i < f->script->len; i++) {
                const Fault *fault = &g_array_index(f->script, Fault, i);

                if (fault->opportunity != f->opportunity)
                        return NULL;
                if (fault->type == type)
                        return fault;
        }
        return NULL;
}

bool faults_hit(Faults *f, FaultType type, uint64_t *ret_parameter)
{
        Fault fault = { f->opportunity, type, 0 };

        if (f->over)
                return false;
        if (f->script) {
                const Fault *scripted = find_scripted(f, type);

                if (!scripted)
                        return false;
                fault = *scripted;
        } else {
                if (!dice_hits(&f->dice, f->rates[type]))
                        return false;
                fault.parameter = dice_roll(&f->dice);
        }
        g_array_append_val(f->happened, fault);
        *ret_parameter = fault.parameter;
        return true;
}

const char *fault_name(FaultType type)
{
        static const char *const names[_FAULT_MAX] = { "lost",   "doubled",  "late",      "garbled",
                                                       "mute",   "refused",  "truncated", "bytes lost" };

        return names[type];
}
