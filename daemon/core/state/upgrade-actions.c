/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The queue of actions. If a record cannot be written, the actions that depend on it are dropped. */

#include <string.h>

#include "core/state/upgrade-actions.h"

void upgrade_action_free(UpgradeAction *action)
{
        if (!action)
                return;
        if (action->text && action->secret)
                explicit_bzero(action->text, strlen(action->text));
        g_free(action->text);
        g_free(action);
}

static UpgradeAction *action_new(UpgradeActionType type, const char *text)
{
        UpgradeAction *action = g_new0(UpgradeAction, 1);

        action->type = type;
        action->text = g_strdup(text);
        return action;
}

/* Returns true if there was one in the queue. */
static bool take_back(Upgrade *u, UpgradeActionType type)
{
        bool found = false;

        for (GList *i = u->actions.head, *next; i; i = next) {
                UpgradeAction *action = i->data;

                next = i->next;
                if (action->type != type)
                        continue;
                upgrade_action_free(action);
                g_queue_delete_link(&u->actions, i);
                found = true;
        }
        return found;
}

void upgrade_push(Upgrade *u, UpgradeActionType type, const char *text)
{
        bool persists = type == UPGRADE_ACTION_PERSIST;
        bool announced = (persists || type == UPGRADE_ACTION_ANNOUNCE) && take_back(u, UPGRADE_ACTION_ANNOUNCE);
        const UpgradeAction *last = g_queue_peek_tail(&u->actions);

        if (!persists || !last || last->type != UPGRADE_ACTION_PERSIST)
                g_queue_push_tail(&u->actions, action_new(type, text));
        if (persists && announced)
                g_queue_push_tail(&u->actions, action_new(UPGRADE_ACTION_ANNOUNCE, NULL));
}

void upgrade_restore_power(Upgrade *u, const char *value)
{
        take_back(u, UPGRADE_ACTION_POWER);
        g_queue_push_head(&u->actions, action_new(UPGRADE_ACTION_POWER, value));
}

void upgrade_send(Upgrade *u, Step step, const char *command, bool secret, uint64_t timeout)
{
        UpgradeAction *action;

        upgrade_push(u, UPGRADE_ACTION_SEND, command);
        action = g_queue_peek_tail(&u->actions);
        action->secret = secret;
        action->timeout = timeout;
        action->tag = ++u->tag;
        u->step = step;
        u->command_dropped = false;
        /* The AT engine reports an answer or a time-out; this deadline covers a port that is lost without a report. */
        u->deadline = u->now + timeout + u->timeouts->settle;
}

void upgrade_identify(Upgrade *u)
{
        u->listens_only = false;
        upgrade_push(u, UPGRADE_ACTION_IDENTIFY, NULL);
}

/* Returns true if the action must not run before the job record is on disk. Read-only actions may. */
static bool needs_record(UpgradeActionType type)
{
        switch (type) {
        case UPGRADE_ACTION_LISTEN:
        case UPGRADE_ACTION_IDENTIFY:
        case UPGRADE_ACTION_FLOW:
        case UPGRADE_ACTION_TRANSFER_STOP:
        case UPGRADE_ACTION_SEND_BLIND:
        case UPGRADE_ACTION_WARN: return false;
        case UPGRADE_ACTION_PERSIST:
        case UPGRADE_ACTION_SEND:
        case UPGRADE_ACTION_CHECK_SOURCE:
        case UPGRADE_ACTION_TRANSFER:
        case UPGRADE_ACTION_TRANSFER_LAST:
        case UPGRADE_ACTION_POWER:
        case UPGRADE_ACTION_ANNOUNCE:
        case UPGRADE_ACTION_RESULT:
        case UPGRADE_ACTION_RELEASE: return true;
        }
        return true;
}

void upgrade_drop_actions(Upgrade *u)
{
        for (GList *i = u->actions.head, *next; i; i = next) {
                UpgradeAction *action = i->data;

                next = i->next;
                if (!needs_record(action->type))
                        continue;
                if (action->type == UPGRADE_ACTION_SEND && action->tag == u->tag)
                        u->command_dropped = true;
                if (action->type == UPGRADE_ACTION_TRANSFER || action->type == UPGRADE_ACTION_TRANSFER_LAST)
                        u->transfer_dropped = true;
                upgrade_action_free(action);
                g_queue_delete_link(&u->actions, i);
        }
}

UpgradeAction *upgrade_pop(Upgrade *u)
{
        return g_queue_pop_head(&u->actions);
}
