/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can be seen of a module from outside: its properties, and what is the matter with it. Changes nothing. */

#include "core/layout.h"
#include "module-private.h"

const char *module_id(const Module *m)
{
        return m->id;
}

unsigned module_device(const Module *m)
{
        return m->device;
}

bool module_is_present(const Module *m)
{
        return m->present;
}

const char *module_system(const Module *m)
{
        if (!m->present || m->boot_rom)
                return "unknown";
        if (m->job && m->job->method == METHOD_MINIFOTA && m->job->left && m->job->result == JOB_RESULT_NONE)
                return job_system_to_string(m->job->system);
        if (m->job && m->job->updating && !m->job->returned && m->job->result == JOB_RESULT_NONE)
                return "updating";
        return m->identified ? "normal" : "unknown";
}

const char *module_port(const Module *m)
{
        return m->node ?: "";
}

uint16_t module_vendor_id(const Module *m)
{
        return m->vendor_id;
}

uint16_t module_product_id(const Module *m)
{
        return m->product_id;
}

const Identity *module_identity(const Module *m)
{
        return m->identity;
}

unsigned module_flash_size(const Module *m)
{
        return identity_flash_size(m->identity->revision);
}

Method module_method(const Module *m)
{
        return identity_method(m->identity->model, m->identity->revision);
}

Job *module_job(const Module *m)
{
        return m->job;
}

bool module_is_ready(const Module *m)
{
        return m->present && m->identified;
}

bool module_answers(const Module *m)
{
        return m->serial && !m->listening && at_engine_is_ready(m->engine);
}

uint64_t module_came_at(const Module *m)
{
        return m->came_at;
}

uint64_t module_left_at(const Module *m)
{
        return m->left_at;
}

bool module_is_probing(const Module *m)
{
        return m->present && m->wanted && !m->job;
}

char *module_problem(const Module *m)
{
        if (!m->present)
                return g_strdup("it is not on the bus");
        if (m->boot_rom)
                return g_strdup("its chip's boot loader shows instead of its firmware: cycle its power, and if "
                                "that does not help write it anew with the vendor's tool");
        if (!m->node && ports_are_none(m->ports))
                return g_strdup_printf("no tty is bound to it: if that stays so, this kernel does not know its "
                                       "product id; try, as root: modprobe option; echo %04x %04x > "
                                       "/sys/bus/usb-serial/drivers/option1/new_id",
                                       m->vendor_id, m->product_id);
        if (!m->node && config_at_interface(m->config, m->product_id) != LAYOUT_NO_OVERRIDE)
                return g_strdup_printf("interface %d, which at-interfaces in fotad.conf names, has no tty",
                                       config_at_interface(m->config, m->product_id));
        if (!m->node && ports_have_diag(m->ports, m->product_id))
                return g_strdup("its DIAG port is there, its AT port is not, as after a crash: if that stays so, "
                                "cycle its power");
        if (!m->node)
                return g_strdup("none of its ttys is known to be the AT port: name it in fotad.conf with "
                                "at-interfaces");
        if (m->holder)
                return g_strdup_printf("its AT port %s is held %s: stop that process, then probe the module", m->node,
                                       m->holder);
        if (!m->identified && m->open_error)
                return g_strdup_printf("its AT port %s cannot be opened: %s", m->node, g_strerror(m->open_error));
        if (!m->identified && m->wanted)
                return g_strdup("its identity is being read");
        if (!m->identified && m->serial && m->nameless > 0)
                return g_strdup_printf("it answers at %s, but not as its firmware would: it may be in its Mini system, "
                                       "and is asked again",
                                       m->node);
        if (!m->identified)
                return g_strdup_printf("it does not answer at %s", m->node);
        return g_strdup("");
}
