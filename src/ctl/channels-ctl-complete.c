/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-complete.h"

#include "channels-ctl-error.h"
#include "channels-names.h"

#include <glib/gi18n.h>

/* What the Tab key offers, in every shell: the scripts in data/completions/ ask
 *
 *     channelsctl --complete WORD…
 *
 * with what has been typed behind the program's name, the last word, which may be empty, being the
 * one that is to be completed. The answer has a line for each word that can stand there, with what
 * it means behind a tab; or one line that says what to offer instead. */

#define OFFER_DIRECTORIES ":directories\n"
#define OFFER_FILES ":files\n"

/* How long the shell may stand still. */
#define GROUPS_MS 500

typedef struct
{
  const ChannelsCtlCommand *const *commands; /* (unowned) */
  guint n_commands;
  const char *begun; /* (unowned): what the word begins with */
  GString *offers;   /* (owned) */
} Completion;

static void
offer (Completion *self, const char *word, const char *meaning)
{
  if (g_str_has_prefix (word, self->begun))
    g_string_append_printf (self->offers, "%s\t%s\n", word, meaning);
}

static void
offer_commands (Completion *self)
{
  for (guint i = 0; i < self->n_commands; i++)
    offer (self, self->commands[i]->name, _ (self->commands[i]->summary));
}

static const ChannelsCtlCommand *
find_command (const Completion *self, const char *name)
{
  for (guint i = 0; i < self->n_commands; i++)
    if (g_str_equal (self->commands[i]->name, name))
      return self->commands[i];

  return NULL;
}

/* Groups that have members, if the service runs: to press Tab does not start it. */
static void
offer_groups (Completion *self, ChannelsCtlContext *context)
{
  ChannelsDBusChannels *proxy = channels_ctl_context_get_proxy (context, NULL);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) groups = NULL;
  GVariantIter iter;
  const char *group;

  if (proxy == NULL)
    return;

  reply = g_dbus_connection_call_sync (
      g_dbus_proxy_get_connection (G_DBUS_PROXY (proxy)), CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH,
      CHANNELS_BUS_INTERFACE, "ListGroups", NULL, G_VARIANT_TYPE ("(a(su))"),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, GROUPS_MS, NULL, NULL);
  if (reply == NULL)
    return;

  groups = g_variant_get_child_value (reply, 0);
  g_variant_iter_init (&iter, groups);
  while (g_variant_iter_next (&iter, "(&su)", &group, NULL))
    offer (self, group, "");
}

static void
offer_argument (Completion *self,
                ChannelsCtlContext *context,
                const ChannelsCtlCommand *command,
                guint n_before)
{
  if (n_before > 0 && command->n_arguments_max != G_MAXUINT)
    return;

  switch (command->completes)
    {
    case CHANNELS_CTL_COMPLETES_GROUP:
      offer_groups (self, context);
      break;
    case CHANNELS_CTL_COMPLETES_COMMAND:
      offer_commands (self);
      break;
    case CHANNELS_CTL_COMPLETES_DIRECTORY:
      g_string_append (self->offers, OFFER_DIRECTORIES);
      break;
    case CHANNELS_CTL_COMPLETES_NOTHING:
    default:
      break;
    }
}

/* The option that @word is, as channels_ctl_command_list_options() has it. */
static const char *
find_option (char **options, const char *word)
{
  for (char **option = options; *option != NULL; option++)
    {
      gsize length = strcspn (*option, "=\t");

      if (strlen (word) == length && strncmp (*option, word, length) == 0)
        return *option;
    }

  return NULL;
}

static void
offer_options (Completion *self, char **options)
{
  for (char **option = options; *option != NULL; option++)
    {
      g_autofree char *name = g_strndup (*option, strcspn (*option, "=\t"));

      offer (self, name, strchr (*option, '\t') + 1);
    }
}

/* What stands behind the name of a sub-command. */
static void
complete_line (Completion *self,
               ChannelsCtlContext *context,
               const ChannelsCtlCommand *command,
               char **words)
{
  g_auto (GStrv) options = channels_ctl_command_list_options (command, context);
  guint n_arguments = 0;

  for (; words[1] != NULL; words++)
    {
      const char *option = find_option (options, words[0]);

      if (option == NULL)
        {
          n_arguments += words[0][0] != '-';
          continue;
        }

      if (option[strcspn (option, "=\t")] != '=')
        continue;

      /* Its value is the next word, or, where the shell breaks a line there too, behind a “=”. */
      words++;
      if (words[1] != NULL && g_str_equal (words[0], "="))
        words++;
      if (words[1] == NULL)
        {
          if (strstr (option, "=file\t") != NULL)
            g_string_append (self->offers, OFFER_FILES);
          return;
        }
    }

  if (words[0][0] == '-')
    offer_options (self, options);
  else
    offer_argument (self, context, command, n_arguments);
}

/**
 * channels_ctl_complete:
 * @context: where the answer goes, and the service that knows groups
 * @commands: (array length=n_commands): the sub-commands
 * @n_commands: how many there are
 * @words: (array zero-terminated=1): what has been typed behind the program's name
 * @error: return location for a `GError`, or `NULL`
 *
 * Says what can stand in the place of the last word; nothing is not an error.
 *
 * Returns: whether that was written, with @error set otherwise
 */
gboolean
channels_ctl_complete (ChannelsCtlContext *context,
                       const ChannelsCtlCommand *const *commands,
                       guint n_commands,
                       char **words,
                       GError **error)
{
  g_autoptr (GString) offers = g_string_new (NULL);
  Completion self = { .commands = commands, .n_commands = n_commands, .offers = offers };
  guint n_words = g_strv_length (words);
  const ChannelsCtlCommand *command;

  if (n_words == 0)
    return TRUE;

  self.begun = words[n_words - 1];
  command = find_command (&self, words[0]);
  if (n_words > 1 && command != NULL)
    complete_line (&self, context, command, words + 1);
  else if (n_words == 1 && self.begun[0] == '-')
    {
      offer (&self, "--help", _ ("Show this help"));
      offer (&self, "--version", _ ("Show the version"));
    }
  else if (n_words == 1)
    offer_commands (&self);

  return channels_ctl_context_print (context, offers->str, error);
}
