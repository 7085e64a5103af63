/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The states in which a power cut may leave a directory. As POSIX promises, fsync() keeps the bytes of a file or the
 * names in a directory, and syncfs() keeps all. Each change of a name that was not synchronized is kept or lost by
 * itself; bytes that were not synchronized are lost, half lost, kept, or become zeros. Knows nothing of the meaning of
 * files. */

#include <check.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "disk-model.h"

#define ALL_SUBSETS_OF 4 /* changes; of more than that, only some subsets are states */

typedef struct Inode {
        bool directory;
        GByteArray *bytes, *kept;
} Inode;

/* A name that was added, removed, or both. */
typedef struct Change {
        char *directory, *from, *to;
        Inode *inode; /* of to */
} Change;

typedef enum Bytes { KEPT, HALF, ALL, ZEROS, _BYTES_MAX } Bytes;

struct DiskModel {
        GPtrArray *inodes;        /* also of files that were removed */
        GHashTable *names, *kept; /* name -> Inode */
        GPtrArray *changes;       /* that were not synchronized */
};

static void inode_free(void *data)
{
        Inode *inode = data;

        g_byte_array_unref(inode->bytes);
        g_byte_array_unref(inode->kept);
        g_free(inode);
}

static void change_free(void *data)
{
        Change *c = data;

        g_free(c->directory);
        g_free(c->from);
        g_free(c->to);
        g_free(c);
}

static GHashTable *new_table(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

DiskModel *disk_model_new(void)
{
        DiskModel *m = g_new0(DiskModel, 1);

        m->inodes = g_ptr_array_new_with_free_func(inode_free);
        m->names = new_table();
        m->kept = new_table();
        m->changes = g_ptr_array_new_with_free_func(change_free);
        return m;
}

void disk_model_free(DiskModel *m)
{
        g_hash_table_unref(m->names);
        g_hash_table_unref(m->kept);
        g_ptr_array_unref(m->changes);
        g_ptr_array_unref(m->inodes);
        g_free(m);
}

/* ---- the changes */

static void carry_out(GHashTable *names, const Change *c)
{
        if (c->from)
                g_hash_table_remove(names, c->from);
        if (c->to)
                g_hash_table_insert(names, g_strdup(c->to), c->inode);
}

static void change(DiskModel *m, const char *from, const char *to, Inode *inode)
{
        Change *c = g_new0(Change, 1);

        c->directory = g_path_get_dirname(to ?: from);
        c->from = g_strdup(from);
        c->to = g_strdup(to);
        c->inode = inode;
        carry_out(m->names, c);
        g_ptr_array_add(m->changes, c);
}

static void add(DiskModel *m, const char *name, bool directory)
{
        Inode *inode = g_new0(Inode, 1);

        ck_assert_msg(!g_hash_table_contains(m->names, name), "%s is made twice", name);
        inode->directory = directory;
        inode->bytes = g_byte_array_new();
        inode->kept = g_byte_array_new();
        g_ptr_array_add(m->inodes, inode);
        change(m, NULL, name, inode);
}

static Inode *find(const DiskModel *m, const char *name)
{
        Inode *inode = g_hash_table_lookup(m->names, name);

        ck_assert_msg(inode != NULL, "there is no %s", name);
        return inode;
}

static void append(GByteArray *bytes, const char *hexadecimal)
{
        for (const char *h = hexadecimal; h[0] && h[1]; h += 2) {
                guint8 byte = (guint8)(g_ascii_xdigit_value(h[0]) << 4 | g_ascii_xdigit_value(h[1]));

                g_byte_array_append(bytes, &byte, 1);
        }
}

static void keep_bytes(Inode *inode)
{
        g_byte_array_set_size(inode->kept, 0);
        g_byte_array_append(inode->kept, inode->bytes->data, inode->bytes->len);
}

static void keep_names(DiskModel *m, const char *directory)
{
        for (unsigned i = 0; i < m->changes->len;) {
                const Change *c = g_ptr_array_index(m->changes, i);

                if (directory && strcmp(c->directory, directory) != 0) {
                        i++;
                        continue;
                }
                carry_out(m->kept, c);
                g_ptr_array_remove_index(m->changes, i);
        }
}

static void synchronize(DiskModel *m, const char *name)
{
        if (strcmp(name, ".") == 0 || find(m, name)->directory)
                keep_names(m, name);
        else
                keep_bytes(find(m, name));
}

static void synchronize_all(DiskModel *m)
{
        for (unsigned i = 0; i < m->inodes->len; i++)
                keep_bytes(g_ptr_array_index(m->inodes, i));
        keep_names(m, NULL);
}

void disk_model_apply(DiskModel *m, const char *line)
{
        g_auto(GStrv) words = g_strsplit(line, " ", 3);
        const char *call = words[0], *name = words[1];

        if (strcmp(call, "point") == 0)
                return;
        if (strcmp(call, "open") == 0 || strcmp(call, "mkdir") == 0)
                add(m, name, *call == 'm');
        else if (strcmp(call, "write") == 0)
                append(find(m, name)->bytes, words[2]);
        else if (strcmp(call, "rename") == 0)
                change(m, name, words[2], find(m, name));
        else if (strcmp(call, "unlink") == 0)
                change(m, name, NULL, NULL);
        else if (strcmp(call, "fsync") == 0 || strcmp(call, "fdatasync") == 0)
                synchronize(m, name);
        else if (strcmp(call, "syncfs") == 0)
                synchronize_all(m);
        else
                ck_abort_msg("unknown in a trace: %s", line);
}

char *disk_model_read(const DiskModel *m, const char *name)
{
        const Inode *inode = g_hash_table_lookup(m->names, name);

        return inode ? g_strndup((const char *)inode->bytes->data, inode->bytes->len) : NULL;
}

/* ---- the states after a power cut */

static unsigned count_bytes(const DiskModel *m)
{
        for (unsigned i = 0; i < m->inodes->len; i++) {
                const Inode *inode = g_ptr_array_index(m->inodes, i);

                if (inode->bytes->len != inode->kept->len)
                        return _BYTES_MAX;
        }
        return 1;
}

static unsigned count_subsets(const DiskModel *m)
{
        unsigned n = m->changes->len;

        return n <= ALL_SUBSETS_OF ? 1u << n : 3 * n + 1;
}

unsigned disk_model_states(const DiskModel *m)
{
        return count_subsets(m) * count_bytes(m);
}

/* A subset of many changes: the first ones, a single one, or all but one. */
static bool is_in_subset(const DiskModel *m, unsigned subset, unsigned i)
{
        unsigned n = m->changes->len;

        if (n <= ALL_SUBSETS_OF)
                return subset >> i & 1;
        if (subset <= n)
                return i < subset;
        return subset <= 2 * n ? i == subset - n - 1 : i != subset - 2 * n - 1;
}

static GBytes *bytes_of(const Inode *inode, Bytes which)
{
        g_autofree guint8 *zeros = NULL;
        unsigned n = inode->bytes->len;

        switch (which) {
        case KEPT: return g_bytes_new(inode->kept->data, inode->kept->len);
        case HALF: return g_bytes_new(inode->bytes->data, MAX(inode->kept->len, n / 2));
        case ALL: return g_bytes_new(inode->bytes->data, n);
        case ZEROS:
        case _BYTES_MAX: break;
        }
        zeros = g_malloc0(n + 1);
        if (inode->kept->len)
                memcpy(zeros, inode->kept->data, inode->kept->len);
        return g_bytes_new(zeros, n);
}

static void bytes_free(void *bytes)
{
        if (bytes)
                g_bytes_unref(bytes);
}

GHashTable *disk_model_state(const DiskModel *m, unsigned number)
{
        unsigned bytes = count_bytes(m);
        GHashTable *state = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, bytes_free);
        g_autoptr(GHashTable) names = new_table();
        GHashTableIter iter;
        gpointer name, inode;

        g_hash_table_iter_init(&iter, m->kept);
        while (g_hash_table_iter_next(&iter, &name, &inode))
                g_hash_table_insert(names, g_strdup(name), inode);
        for (unsigned i = 0; i < m->changes->len; i++)
                if (is_in_subset(m, number / bytes, i))
                        carry_out(names, g_ptr_array_index(m->changes, i));
        g_hash_table_iter_init(&iter, names);
        while (g_hash_table_iter_next(&iter, &name, &inode)) {
                g_autofree char *directory = g_path_get_dirname(name);
                const Inode *i = inode;

                if (strcmp(directory, ".") == 0 || g_hash_table_contains(names, directory))
                        g_hash_table_insert(state, g_strdup(name),
                                            i->directory ? NULL : bytes_of(i, bytes > 1 ? number % bytes : ALL));
        }
        return state;
}

static GList *sorted_names(GHashTable *state)
{
        return g_list_sort(g_hash_table_get_keys(state), (GCompareFunc)strcmp);
}

char *disk_model_sum(GHashTable *state)
{
        g_autoptr(GList) names = sorted_names(state);
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

        for (const GList *i = names; i; i = i->next) {
                const char *name = i->data;
                GBytes *bytes = g_hash_table_lookup(state, name);
                size_t n = 0;
                const guint8 *data = bytes ? g_bytes_get_data(bytes, &n) : NULL;

                g_checksum_update(sum, (const guint8 *)name, (gssize)strlen(name) + 1);
                g_checksum_update(sum, (const guint8 *)&n, sizeof(n));
                if (n)
                        g_checksum_update(sum, data, (gssize)n);
        }
        return g_strdup(g_checksum_get_string(sum));
}

static void empty(const char *directory)
{
        g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
        const char *name;

        ck_assert_ptr_nonnull(dir);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(directory, name, NULL);

                if (g_file_test(path, G_FILE_TEST_IS_DIR))
                        empty(path);
                ck_assert_int_eq(g_remove(path), 0);
        }
}

void disk_model_put(GHashTable *state, const char *directory)
{
        g_autoptr(GList) names = sorted_names(state); /* a directory comes before its files */

        empty(directory);
        for (const GList *i = names; i; i = i->next) {
                const char *name = i->data;
                GBytes *bytes = g_hash_table_lookup(state, name);
                g_autofree char *path = g_build_filename(directory, name, NULL);

                if (!bytes)
                        ck_assert_int_eq(g_mkdir(path, 0700), 0);
                else
                        ck_assert(g_file_set_contents_full(path, g_bytes_get_data(bytes, NULL) ?: "",
                                                           (gssize)g_bytes_get_size(bytes), G_FILE_SET_CONTENTS_NONE,
                                                           0600, NULL));
        }
}
