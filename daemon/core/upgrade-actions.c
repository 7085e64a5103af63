/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an upgrade asks to be done, in order: the queue, and what stands behind a record that could not be written. */

#include <string.h>

#include "core/upgrade-actions.h"

void upgrade_action_free(UpgradeAction *action)
{
        if (!action)
                return;
        if (action->text && action->secret)
                explicit_bzero(action->text, strlen(action->text));
        g_free(action->text);
        g_free(action);
}

void upgrade_push(Upgrade *u, UpgradeActionType type, const char *text)
{
        UpgradeAction *action = g_new0(UpgradeAction, 1);

        action->type = type;
        action->text = g_strdup(text);
        g_queue_push_tail(&u->actions, action);
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
        u->unsent = false;
        /* The answer comes in time or a time-out does; only a port that is lost without a word brings neither. */
        u->deadline = u->now + timeout + u->timeouts->settle;
}

void upgrade_identify(Upgrade *u)
{
        u->hushed = false;
        upgrade_push(u, UPGRADE_ACTION_IDENTIFY, NULL);
}

/* Whether it may not be done before the record says so. What only keeps our hands off, or asks, may. */
static bool stands_behind_the_record(UpgradeActionType type)
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
                if (!stands_behind_the_record(action->type))
                        continue;
                if (action->type == UPGRADE_ACTION_SEND && action->tag == u->tag)
                        u->unsent = true;
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
