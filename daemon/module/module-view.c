/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The outside of a module: its properties, its lines in the log, and the problem that it has, if any.
 * Changes nothing. */

#include <stdarg.h>

#include "base/clock.h"
#include "codes.h"
#include "core/quectel/layout.h"
#include "module/module-private.h"

const char *module_id(const Module *m)
{
        return m->context.id;
}

void log_module(int level, const Module *m, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        log_context_v(level, &m->context, format, args);
        va_end(args);
}

bool module_is_uart(const Module *m)
{
        return place_is_uart(m->place);
}

const char *module_uart(const Module *m)
{
        return uart_node(m->uart);
}

unsigned module_device(const Module *m)
{
        return place_device_number(m->place);
}

const char *module_uid(const Module *m)
{
        return place_uid(m->place);
}

ModuleAdoption *module_adoption(Module *m)
{
        return &m->adoption;
}

bool module_is_left_alone(const Module *m)
{
        return gate_state(m->gate) == MODULE_GATE_JOBS_ONLY && probe_is_known(m->probe);
}

const char *module_syspath(const Module *m)
{
        return place_syspath(m->place);
}

bool module_is_present(const Module *m)
{
        return place_is_present(m->place);
}

const char *module_system(const Module *m)
{
        const Job *job = m->context.job;

        if (!place_is_present(m->place) || place_is_boot_rom(m->place))
                return "unknown";
        if (job && job->method == METHOD_MINIFOTA && job->disconnected && job->result == JOB_RESULT_NONE)
                return job_system_to_string(job->system);
        if (job && job->reached >= JOB_REACHED_UPDATING && !job->restarted_since_end && job->result == JOB_RESULT_NONE)
                return "updating";
        return probe_is_known(m->probe) ? "normal" : "unknown";
}

const char *module_port(const Module *m)
{
        return at_port_node(m->port) ?: "";
}

uint16_t module_vendor_id(const Module *m)
{
        return place_vendor_id(m->place);
}

uint16_t module_product_id(const Module *m)
{
        return place_product_id(m->place);
}

const Identity *module_identity(const Module *m)
{
        return probe_identity(m->probe);
}

unsigned module_flash_size(const Module *m)
{
        return identity_flash_size(probe_identity(m->probe)->revision);
}

Method module_method(const Module *m)
{
        const Identity *identity = probe_identity(m->probe);

        return identity_method(identity->model, identity->revision);
}

Job *module_job(const Module *m)
{
        return m->run ? job_run_job(m->run) : NULL;
}

bool module_is_sending(const Module *m)
{
        return at_port_is_sending(m->port);
}

const char *module_taken_by(const Module *m)
{
        return m->run ? job_run_job(m->run)->id : m->expected;
}

bool module_is_taken(const Module *m)
{
        return module_taken_by(m) != NULL;
}

bool module_is_ready(const Module *m)
{
        return place_is_present(m->place) && probe_is_known(m->probe);
}

bool module_answers(const Module *m)
{
        bool asked_first = m->run && place_is_present(m->place) &&
                           clock_now() < place_came_at(m->place) + m->context.config->timeouts.settle;

        return asked_first || (at_port_takes_commands(m->port) &&
                               (at_port_is_ready(m->port) || (m->run && job_run_module_answered(m->run))));
}

char *module_power_control(const Module *m)
{
        return place_is_present(m->place) ? place_power_control(m->place) : NULL;
}

uint64_t module_came_at(const Module *m)
{
        return place_came_at(m->place);
}

uint64_t module_left_at(const Module *m)
{
        return place_left_at(m->place);
}

bool module_is_watched(const Module *m)
{
        return m->context.watched;
}

bool module_is_probing(const Module *m)
{
        return place_is_present(m->place) && probe_is_wanted(m->probe) && !m->context.job;
}

void module_problem_clear(ModuleProblem *problem)
{
        g_free(problem->finding);
        g_free(problem->remedy);
        *problem = (ModuleProblem){ 0 };
}

/* Takes the texts. */
static bool describe(ModuleProblem *ret, const char *name, char *finding, char *remedy)
{
        ret->name = name;
        ret->finding = finding;
        ret->remedy = remedy;
        return false;
}

/* Its power is not to be cycled. */
static bool upgrades(const Module *m)
{
        return m->context.job && m->context.job->sent;
}

static const char *remedy_of(HostCode code)
{
        return code_find(CODE_DOMAIN_HOST, code)->remedy;
}

/* The remedy of a module that is not heard of: that one, unless its upgrade has failed and it may go on with it. */
static char *remedy_of_silence(const Module *m, const char *otherwise)
{
        return g_strdup(m->context.watched ? "keep it powered, for it may still be writing its flash" : otherwise);
}

/* Describes the problem of the port. Returns true if there is none. */
static bool describe_port(const Module *m, ModuleProblem *ret)
{
        const char *node = at_port_node(m->port), *holder = at_port_holder(m->port);
        int error = probe_is_known(m->probe) ? 0 : at_port_error(m->port);
        int interface = place_at_interface(m->place);

        if (!node && ports_are_none(place_ports(m->place)))
                return describe(ret, "no-tty-bound", g_strdup("no tty is bound to it"),
                                g_strdup_printf("if that stays so, this kernel does not know its product id; try, as "
                                                "root: modprobe option; echo %04x %04x > "
                                                "/sys/bus/usb-serial/drivers/option1/new_id",
                                                place_vendor_id(m->place), place_product_id(m->place)));
        if (!node && interface != LAYOUT_NO_OVERRIDE)
                return describe(
                        ret, "interface-without-tty",
                        g_strdup_printf("interface %d, which at-interfaces in fotad.conf names, has no tty", interface),
                        g_strdup(""));
        if (!node && place_has_diag(m->place))
                return describe(
                        ret, "crashed", g_strdup("its DIAG port is there, its AT port is not, as after a crash"),
                        upgrades(m) ? g_strdup("") : g_strconcat("if that stays so, ", remedy_of(HOST_CRASHED), NULL));
        if (!node)
                return describe(ret, "no-at-port", g_strdup("none of its ttys is known to be the AT port"),
                                g_strdup("name it in fotad.conf with at-interfaces"));
        if (gate_state(m->gate) != MODULE_GATE_OPEN && gate_why(m->gate) && !probe_is_known(m->probe))
                return describe(
                        ret, "left-to-modem-manager",
                        g_strdup_printf("its AT port %s is left to ModemManager, which %s", node, gate_why(m->gate)),
                        g_strdup("if that stays so, look at it with mmcli -L, or stop ModemManager"));
        if (holder)
                return describe(ret, "port-held", g_strdup_printf("its AT port %s is held %s", node, holder),
                                g_strdup("stop that process; the port is opened once it is free"));
        if (error)
                return describe(ret, "port-error",
                                g_strdup_printf("its AT port %s cannot be opened: %s", node, g_strerror(error)),
                                g_strdup(""));
        return true;
}

/* Why a module at a UART is not there. */
static bool describe_no_uart(const Module *m, ModuleProblem *ret)
{
        const char *node = uart_node(m->uart), *owner = uart_owner(m->uart);

        if (!node)
                return describe(ret, "uart-not-configured",
                                g_strdup("its port is not among the UARTs that fotad.conf names"),
                                g_strdup("put it into ports, and reload fotad"));
        if (owner)
                return describe(ret, "uart-of-other-module",
                                g_strdup_printf("%s is a port of %s, and is used as such", node, owner),
                                g_strdup("take it out of ports in fotad.conf, which is for UARTs"));
        return describe(ret, "uart-absent", g_strdup_printf("there is no %s", node),
                        g_strdup("plug its adapter in, or correct ports in fotad.conf"));
}

bool module_describe_problem(const Module *m, ModuleProblem *ret)
{
        const char *node = at_port_node(m->port);
        bool known = probe_is_known(m->probe);

        ret->of_port = false;
        if (!place_is_present(m->place) && module_is_uart(m))
                return describe_no_uart(m, ret);
        if (!place_is_present(m->place))
                return describe(ret, m->context.watched ? "away-after-failure" : "absent",
                                g_strdup("it is not on the bus"), remedy_of_silence(m, ""));
        if (place_is_boot_rom(m->place))
                return describe(ret, "boot-rom", g_strdup("its chip's boot loader shows instead of its firmware"),
                                upgrades(m) ? g_strdup("leave it powered until its job has ended")
                                            : g_strconcat("if that stays so, ", remedy_of(HOST_BOOT_ROM), NULL));
        ret->of_port = true;
        if (!describe_port(m, ret))
                return false;
        ret->of_port = false;
        if (!known && probe_is_wanted(m->probe))
                return describe(ret, "identity-being-read", g_strdup("its identity is being read"), g_strdup(""));
        if (!known && at_port_is_open(m->port) && probe_is_nameless(m->probe))
                return describe(ret, "mini-system",
                                g_strdup_printf("it answers at %s, but not as its firmware would", node),
                                remedy_of_silence(m, "it may be in its Mini system, and is asked again"));
        if (!known)
                return describe(ret, "silent", g_strdup_printf("it does not answer at %s", node),
                                remedy_of_silence(m, module_is_uart(m)
                                                             ? "look at its power, its wiring, and baud-rate in "
                                                               "fotad.conf"
                                                             : ""));
        describe(ret, "", g_strdup(""), g_strdup(""));
        return true;
}

char *module_explain(const Module *m)
{
        g_auto(ModuleProblem) problem = { 0 };

        module_describe_problem(m, &problem);
        return *problem.remedy ? g_strconcat(problem.finding, ": ", problem.remedy, NULL)
                               : g_steal_pointer(&problem.finding);
}

/* Returns true if the condition is part of the upgrade under way. A port that another program holds is a problem during
 * an upgrade, too; a stalled upgrade may be waiting for help. */
static bool is_of_the_upgrade(const Module *m)
{
        bool of_port = at_port_node(m->port) && (at_port_holder(m->port) || at_port_error(m->port));

        return upgrades(m) && m->context.job->state != JOB_STALLED &&
               (place_is_present(m->place) ? !place_is_boot_rom(m->place) && !of_port : !module_is_uart(m));
}

char *module_problem(const Module *m)
{
        return is_of_the_upgrade(m) ? g_strdup("") : module_explain(m);
}

const char *module_problem_name(const Module *m)
{
        g_auto(ModuleProblem) problem = { 0 };

        if (is_of_the_upgrade(m))
                return "";
        module_describe_problem(m, &problem);
        return problem.name;
}
