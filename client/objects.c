/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the daemon's objects through its ObjectManager, and finds the job or module that a user names. Prints only
 * failures and changes nothing. */

#include "config.h"

#include <string.h>

#include "bus.h"
#include "names.h"
#include "objects.h"
#include "report.h"

static void object_free(gpointer data)
{
        Object *object = data;

        g_free(object->path);
        props_free(object->props);
        g_free(object);
}

void objects_free(Objects *objects)
{
        if (!objects)
                return;
        g_ptr_array_unref(objects->modules);
        g_ptr_array_unref(objects->jobs);
        g_free(objects);
}

static int by_id(gconstpointer a, gconstpointer b)
{
        const Object *left = *(const Object *const *)a, *right = *(const Object *const *)b;

        return strverscmp(props_string(left->props, "Id"), props_string(right->props, "Id"));
}

static int by_age(gconstpointer a, gconstpointer b)
{
        const Object *left = *(const Object *const *)a, *right = *(const Object *const *)b;
        int64_t l = props_number(left->props, "Created"), r = props_number(right->props, "Created");

        return l < r ? -1 : l > r ? 1 : by_id(a, b);
}

static int read_interface(Objects *objects, const char *path, sd_bus_message *reply)
{
        GPtrArray *array = NULL;
        const char *interface;
        Object *object;
        int r;

        r = sd_bus_message_read_basic(reply, SD_BUS_TYPE_STRING, &interface);
        if (r < 0)
                return r;
        if (strcmp(interface, FOTAD_MODULE_INTERFACE) == 0)
                array = objects->modules;
        else if (strcmp(interface, FOTAD_JOB_INTERFACE) == 0)
                array = objects->jobs;
        if (!array)
                return sd_bus_message_skip(reply, "a{sv}");

        object = g_new0(Object, 1);
        object->path = g_strdup(path);
        object->props = props_new();
        g_ptr_array_add(array, object);
        return props_read(object->props, reply);
}

static int read_object(Objects *objects, sd_bus_message *reply)
{
        const char *path;
        int r;

        r = sd_bus_message_read_basic(reply, SD_BUS_TYPE_OBJECT_PATH, &path);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "{sa{sv}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_DICT_ENTRY, "sa{sv}")) > 0) {
                r = read_interface(objects, path, reply);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(reply);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(reply);
}

static int read_objects(Objects *objects, sd_bus_message *reply)
{
        int r;

        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "{oa{sa{sv}}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_DICT_ENTRY, "oa{sa{sv}}")) > 0) {
                r = read_object(objects, reply);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(reply);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(reply);
}

int objects_new_call(Ctl *ctl, sd_bus_message **ret)
{
        return bus_new_call(ctl, FOTAD_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", ret);
}

static Objects *objects_new(void)
{
        Objects *objects = g_new0(Objects, 1);

        objects->modules = g_ptr_array_new_with_free_func(object_free);
        objects->jobs = g_ptr_array_new_with_free_func(object_free);
        return objects;
}

int objects_read_added(sd_bus_message *message, Objects **ret)
{
        g_autoptr(Objects) objects = objects_new();
        int r = read_object(objects, message);

        if (r >= 0)
                *ret = g_steal_pointer(&objects);
        return r < 0 ? r : 0;
}

int objects_read_reply(Ctl *ctl, sd_bus_message *reply, Objects **ret)
{
        g_autoptr(Objects) objects = objects_new();
        int r;

        r = read_objects(objects, reply);
        if (r < 0)
                return fail_bus(ctl, NULL, r);

        g_ptr_array_sort(objects->modules, by_id);
        g_ptr_array_sort(objects->jobs, by_age);
        *ret = g_steal_pointer(&objects);
        return STATUS_DONE;
}

int objects_read(Ctl *ctl, Objects **ret)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        int status;

        status = objects_new_call(ctl, &call);
        if (status == STATUS_DONE)
                status = bus_call(ctl, call, &reply);
        return status == STATUS_DONE ? objects_read_reply(ctl, reply, ret) : status;
}

int objects_read_job(Ctl *ctl, const char *name, bool any_will_do, Objects **ret, const Object **ret_job)
{
        int status = objects_read(ctl, ret);

        return status == STATUS_DONE ? objects_find_job(ctl, *ret, name, any_will_do, ret_job) : status;
}

int objects_read_module(Ctl *ctl, const char *name, Objects **ret, const Object **ret_module)
{
        int status = objects_read(ctl, ret);

        return status == STATUS_DONE ? objects_find_module(ctl, *ret, name, ret_module) : status;
}

const Object *objects_at(const GPtrArray *array, const char *path)
{
        for (guint i = 0; i < array->len; i++) {
                const Object *object = g_ptr_array_index(array, i);
                if (strcmp(object->path, path) == 0)
                        return object;
        }
        return NULL;
}

bool job_is_finished(const Props *job)
{
        return strcmp(props_string(job, "State"), "finished") == 0 || *props_string(job, "Result");
}

static int find_default_job(Ctl *ctl, const Objects *objects, bool any_will_do, const Object **ret)
{
        g_autoptr(GString) ids = g_string_new(NULL);
        const Object *found = NULL;
        int n = 0;

        for (guint i = 0; i < objects->jobs->len; i++) {
                const Object *job = g_ptr_array_index(objects->jobs, i);
                if (job_is_finished(job->props))
                        continue;
                g_string_append_printf(ids, "%s%s", n > 0 ? " " : "", props_text(job->props, "Id"));
                found = job;
                n++;
        }
        if (n > 1)
                return fail_usage(ctl, _("several upgrades are under way, name one of them: %s"), ids->str);
        if (!found && any_will_do && objects->jobs->len > 0)
                found = g_ptr_array_index(objects->jobs, objects->jobs->len - 1);
        if (!found && !any_will_do)
                return fail(ctl, STATUS_REFUSED, FOTAD_ERROR_NO_SUCH_JOB, _("no upgrade is under way"));
        *ret = found;
        return STATUS_DONE;
}

int objects_find_job(Ctl *ctl, const Objects *objects, const char *name, bool any_will_do, const Object **ret)
{
        if (!name)
                return find_default_job(ctl, objects, any_will_do, ret);
        for (guint i = 0; i < objects->jobs->len; i++) {
                const Object *job = g_ptr_array_index(objects->jobs, i);
                if (strcmp(job->path, name) == 0 || strcmp(props_string(job->props, "Id"), name) == 0) {
                        *ret = job;
                        return STATUS_DONE;
                }
        }
        return fail(ctl, STATUS_REFUSED, FOTAD_ERROR_NO_SUCH_JOB,
                    /* The argument is not repeated: it may be a URL with a password if the arguments are in the wrong
                     * order. */
                    _("there is no such job; \"fotactl history\" and \"fotactl status\" list the jobs"));
}

bool module_is_called(const Object *module, const char *name)
{
        static const char *const properties[] = { "Id", "Imei", "Port" };

        for (size_t i = 0; i < G_N_ELEMENTS(properties); i++)
                if (strcmp(props_string(module->props, properties[i]), name) == 0)
                        return true;
        if (g_str_has_prefix(props_string(module->props, "Port"), "/dev/") &&
            strcmp(props_string(module->props, "Port") + strlen("/dev/"), name) == 0)
                return true;
        return strcmp(module->path, name) == 0;
}

int objects_find_module(Ctl *ctl, const Objects *objects, const char *name, const Object **ret)
{
        const Object *found = NULL;

        for (guint i = 0; i < objects->modules->len; i++) {
                const Object *module = g_ptr_array_index(objects->modules, i);
                if (name ? !*name || !module_is_called(module, name) : !props_number(module->props, "Present"))
                        continue;
                if (found)
                        return fail(ctl, STATUS_REFUSED, FOTAD_ERROR_AMBIGUOUS_MODULE,
                                    _("there is more than one such module, name one that \"fotactl list\" lists"));
                found = module;
        }
        if (!found)
                return fail(ctl, STATUS_REFUSED, FOTAD_ERROR_NO_SUCH_MODULE,
                            _("there is no such module; \"fotactl list\" lists the modules"));
        *ret = found;
        return STATUS_DONE;
}
