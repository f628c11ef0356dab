/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-members.h"

#include <string.h>

typedef struct
{
  char *key;       /* (owned) */
  GVariant *value; /* (owned) (nullable): `NULL` once given to an earlier member of this name */
} Member;

static void
member_free (Member *self)
{
  g_free (self->key);
  g_clear_pointer (&self->value, g_variant_unref);
  g_free (self);
}

/*
 * channels_members_new:
 *
 * Returns: (transfer full): no members yet
 */
ChannelsMembers *
channels_members_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) member_free);
}

/*
 * channels_members_take:
 * @self: members
 * @key: (transfer full): UTF-8
 * @value: any value; consumed if floating
 */
void
channels_members_take (ChannelsMembers *self, char *key, GVariant *value)
{
  Member *member = g_new (Member, 1);

  member->key = key;
  member->value = g_variant_ref_sink (value);
  g_ptr_array_add (self, member);
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  const Member *left = *(const Member *const *) a;
  const Member *right = *(const Member *const *) b;

  return strcmp (left->key, right->key);
}

/* Of members with one name, gives the value of the last to the first, and leaves the others
 * without. Sorting, not hashing: no choice of names makes it slow. */
static void
merge_duplicates (ChannelsMembers *self)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_sized_new (self->len);
  guint first = 0;

  g_ptr_array_extend (sorted, self, NULL, NULL);
  g_ptr_array_sort (sorted, compare_keys);

  for (guint i = 1; i < sorted->len; i++)
    {
      Member *kept = g_ptr_array_index (sorted, first);
      Member *member = g_ptr_array_index (sorted, i);

      if (strcmp (kept->key, member->key) != 0)
        {
          first = i;
          continue;
        }

      g_variant_unref (kept->value);
      kept->value = g_steal_pointer (&member->value);
    }
}

/*
 * channels_members_end:
 * @self: members, which are of no use but to be freed after this
 *
 * Returns: (transfer floating): the dictionary, `a{sv}`
 */
GVariant *
channels_members_end (ChannelsMembers *self)
{
  GVariantBuilder builder;

  if (self->len > 1)
    merge_duplicates (self);

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < self->len; i++)
    {
      Member *member = g_ptr_array_index (self, i);

      if (member->value != NULL)
        g_variant_builder_add (&builder, "{sv}", member->key, member->value);
    }

  return g_variant_builder_end (&builder);
}
