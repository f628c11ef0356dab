/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-keyfile.h"

#include "channels-secret.h"

#include <string.h>

/* The keyfile dialect of GKeyFile. GKeyFile itself merges what is there twice,
 * forgets the lines, and repeats in its errors what may be a password. */

#define GROUP_NAME_MAX 100 /* bytes */

typedef struct
{
  ChannelsMistakes *mistakes;  /* (unowned) */
  GPtrArray *groups;           /* (owned) (element-type ChannelsKeyfileGroup) */
  GHashTable *names;           /* (owned) (element-type utf8 ChannelsKeyfileGroup) */
  GHashTable *keys;            /* (owned) (element-type utf8 ChannelsKeyfileEntry) of `group` */
  ChannelsKeyfileGroup *group; /* (nullable) (unowned) the one that the lines are in */
  guint line;                  /* from 1 */
  gboolean skipping;           /* whether the group is one that is not kept */
} Reader;

static void
entry_free (gpointer data)
{
  ChannelsKeyfileEntry *entry = data;

  g_free (entry->key);
  channels_secret_free (entry->value);
  g_free (entry);
}

static void
group_free (gpointer data)
{
  ChannelsKeyfileGroup *group = data;

  g_free (group->name);
  g_ptr_array_unref (group->entries);
  g_free (group);
}

static void
reader_clear (Reader *self)
{
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_clear_pointer (&self->names, g_hash_table_unref);
  g_clear_pointer (&self->keys, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, reader_clear)

static gboolean
is_group_name (const char *name)
{
  gsize length = strlen (name);

  if (length == 0 || length > GROUP_NAME_MAX)
    return FALSE;

  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    {
      if (*p == '[' || *p == ']' || !g_unichar_isprint (g_utf8_get_char (p)))
        return FALSE;
    }

  return TRUE;
}

static gboolean
is_key (const char *key)
{
  return *key != '\0' && key[strspn (key, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-")] == '\0';
}

static void
reader_take_group (Reader *self, char *text)
{
  ChannelsPlace place = { self->mistakes, NULL, NULL, self->line };
  ChannelsKeyfileGroup *group;
  gsize length = strlen (text);

  self->group = NULL;
  self->skipping = TRUE;
  g_hash_table_remove_all (self->keys);

  if (text[length - 1] != ']')
    {
      channels_place_add_mistake (&place, "a group is a line of the form [NAME]");
      return;
    }
  text[length - 1] = '\0';
  text++;
  if (!is_group_name (text))
    {
      channels_place_add_mistake (
          &place, "a group's name is 1 to %d printable bytes without [ and ]", GROUP_NAME_MAX);
      return;
    }

  group = g_hash_table_lookup (self->names, text);
  if (group != NULL)
    {
      place.group = group->name;
      channels_place_add_mistake (&place, "is there already, in line %u: a group is allowed once",
                                  group->line);
      return;
    }

  group = g_new0 (ChannelsKeyfileGroup, 1);
  group->name = g_strdup (text);
  group->entries = g_ptr_array_new_with_free_func (entry_free);
  group->line = self->line;
  g_ptr_array_add (self->groups, group);
  g_hash_table_insert (self->names, group->name, group);
  self->group = group;
  self->skipping = FALSE;
}

static void
reader_take_entry (Reader *self, char *text)
{
  ChannelsPlace place = { self->mistakes, NULL, NULL, self->line };
  ChannelsKeyfileEntry *entry;
  char *value;

  /* One mistake is enough for a group that is not kept. */
  if (self->skipping)
    return;

  if (self->group != NULL)
    place.group = self->group->name;

  /* Not repeated in the message: it may be the second half of a secret. */
  value = strchr (text, '=');
  if (value != NULL)
    *value++ = '\0';
  g_strchomp (text);
  if (value == NULL || !is_key (text))
    {
      channels_place_add_mistake (&place, "a line is KEY=VALUE, [GROUP], or begins with #");
      return;
    }

  place.key = text;
  if (self->group == NULL)
    {
      channels_place_add_mistake (&place, "a key is allowed in a [GROUP] only");
      return;
    }
  entry = g_hash_table_lookup (self->keys, text);
  if (entry != NULL)
    {
      channels_place_add_mistake (&place, "is there already, in line %u: a key is allowed once",
                                  entry->line);
      return;
    }

  entry = g_new0 (ChannelsKeyfileEntry, 1);
  entry->key = g_strdup (text);
  entry->value = g_strdup (g_strchug (value));
  entry->line = self->line;
  g_ptr_array_add (self->group->entries, entry);
  g_hash_table_insert (self->keys, entry->key, entry);
}

static void
reader_take_line (Reader *self, char *line)
{
  char *text = g_strstrip (line);

  self->line++;
  if (*text == '\0' || *text == '#')
    return;

  if (*text == '[')
    reader_take_group (self, text);
  else
    reader_take_entry (self, text);
}

/**
 * channels_keyfile_read:
 * @text: UTF-8, whole
 * @mistakes: where it is told what is wrong with it
 *
 * Reads a keyfile. Lines, keys and groups that are wrong are told and left out.
 *
 * Returns: (transfer full) (element-type ChannelsKeyfileGroup): the groups, in the
 *   order of the file, no name twice
 */
GPtrArray *
channels_keyfile_read (const char *text, ChannelsMistakes *mistakes)
{
  g_auto (Reader) reader = { 0 };

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (mistakes != NULL, NULL);

  reader.mistakes = mistakes;
  reader.groups = g_ptr_array_new_with_free_func (group_free);
  reader.names = g_hash_table_new (g_str_hash, g_str_equal);
  reader.keys = g_hash_table_new (g_str_hash, g_str_equal);

  while (*text != '\0')
    {
      const char *end = strchrnul (text, '\n');
      gsize size = (gsize) (end - text);
      g_autofree char *line = g_strndup (text, size);

      reader_take_line (&reader, line);
      explicit_bzero (line, size);
      text = *end == '\n' ? end + 1 : end;
    }

  return g_steal_pointer (&reader.groups);
}

static char
unescape (char c)
{
  switch (c)
    {
    case 's':
      return ' ';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '\\':
    case ';':
      return c;
    default:
      return '\0';
    }
}

/**
 * channels_keyfile_split:
 * @value: a value as it stands in a keyfile
 * @list: whether `;` separates items
 * @error: return location for a `GError`, or `NULL`
 *
 * Resolves the escapes of @value: `\s`, `\n`, `\t`, `\r`, `\\`, `\;`. Of a list,
 * white space in front of an item is left out, and an item that is empty is kept, but not one
 * behind the last `;`.
 *
 * Fails with `G_KEY_FILE_ERROR_INVALID_VALUE` on any other escape; its message does not
 * repeat @value.
 *
 * Returns: (transfer full): the items; exactly one where @list is `FALSE`; `NULL`
 *   with @error set otherwise
 */
char **
channels_keyfile_split (const char *value, gboolean list, GError **error)
{
  g_autoptr (GStrvBuilder) items = NULL;
  g_autoptr (GString) item = NULL;

  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  items = g_strv_builder_new ();
  item = g_string_new (NULL);
  for (const char *p = value; *p != '\0'; p++)
    {
      if (*p == '\\')
        {
          char c = unescape (*++p);

          if (c == '\0')
            {
              g_set_error_literal (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                                   "has a \\ that is not one of \\s \\n \\t \\r \\\\ \\;");
              return NULL;
            }
          g_string_append_c (item, c);
        }
      else if (list && *p == ';')
        {
          g_strv_builder_add (items, item->str);
          g_string_truncate (item, 0);
        }
      else if (!list || item->len > 0 || !g_ascii_isspace (*p))
        {
          g_string_append_c (item, *p);
        }
    }
  if (!list || item->len > 0)
    g_strv_builder_add (items, item->str);
  explicit_bzero (item->str, item->allocated_len);

  return g_strv_builder_end (items);
}
