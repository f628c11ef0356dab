/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-options.h"

/**
 * channels_options_parse:
 * @self: (out caller-allocates): the options
 * @argc: (inout): how many words
 * @argv: (inout): the words; those that were understood are taken out
 * @error: return location for a `GError`, or `NULL`
 *
 * Reads the command line; `--help` is answered here, and ends the program. Fails with a
 * `GOptionError` for what is no option, or has no good value.
 *
 * Returns: `TRUE` if it was understood, `FALSE` with @error set otherwise
 */
gboolean
channels_options_parse (ChannelsOptions *self, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &self->config_file,
      "Read this file instead of $XDG_CONFIG_HOME/channels/channels.conf", "FILE" },
    { "listen", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->listen,
      "Listen here (repeatable; default: 127.0.0.1:8484 and [::1]:8484)", "ADDRESS:PORT" },
    { "layer", 0, 0, G_OPTION_ARG_STRING, &self->layer, "The channel layer (default: memory)",
      "memory|redis|redis-pubsub" },
    { "redis", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->redis,
      "A Redis server (repeatable, in ring order; default: redis://127.0.0.1:6379/0)", "URL" },
    { "no-bus", 0, 0, G_OPTION_ARG_NONE, &self->no_bus, "Do not claim the name on the bus", NULL },
    { "activated", 0, 0, G_OPTION_ARG_NONE, &self->activated,
      "Started because somebody needs it: end when nobody does (see IdleTimeout=)", NULL },
    { "check-config", 0, 0, G_OPTION_ARG_NONE, &self->check_config,
      "Read the configuration, say what is wrong, and exit", NULL },
    { "verbose", 0, 0, G_OPTION_ARG_NONE, &self->verbose, "Say more on standard error", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &self->version, "Print the version, and exit", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  *self = (ChannelsOptions){ 0 };
  g_option_context_set_summary (context,
                                "Groups that browser tabs, desktop apps and other hosts share.");
  g_option_context_set_description (context, "See channelsd(1) and channels.conf(5).");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;

  if (*argc > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                   "“%s” is no option, and channelsd takes no arguments", (*argv)[1]);
      return FALSE;
    }

  if (self->config_file != NULL && *self->config_file == '\0')
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           "--config needs the name of a file");
      return FALSE;
    }

  return TRUE;
}

/**
 * channels_options_load_config:
 * @self: options that were parsed
 * @mistakes: (element-type utf8): where a line is put for each mistake
 *
 * Loads the configuration that they name, or the one that is found, with what they have to say
 * themselves. Blocks while it reads.
 *
 * Returns: (transfer full) (nullable): the values, or `NULL` with @mistakes longer than it was
 */
ChannelsConfig *
channels_options_load_config (const ChannelsOptions *self, GPtrArray *mistakes)
{
  const ChannelsConfigOverrides overrides = {
    .listen = (const char *const *) self->listen,
    .layer = self->layer,
    .redis = (const char *const *) self->redis,
  };
  g_autofree char *file =
      self->config_file != NULL ? g_strdup (self->config_file) : channels_config_find_file ();

  return channels_config_load (file, &overrides, mistakes);
}

/**
 * channels_options_copy:
 * @self: options that were parsed
 *
 * Returns: (transfer full): the same
 */
ChannelsOptions *
channels_options_copy (const ChannelsOptions *self)
{
  ChannelsOptions *copy = g_memdup2 (self, sizeof *self);

  copy->config_file = g_strdup (self->config_file);
  copy->listen = g_strdupv (self->listen);
  copy->layer = g_strdup (self->layer);
  copy->redis = g_strdupv (self->redis);

  return copy;
}

/**
 * channels_options_free:
 * @self: (transfer full): a copy
 */
void
channels_options_free (ChannelsOptions *self)
{
  channels_options_clear (self);
  g_free (self);
}

/**
 * channels_options_clear:
 * @self: options that were parsed
 *
 * Frees what they own.
 */
void
channels_options_clear (ChannelsOptions *self)
{
  g_clear_pointer (&self->config_file, g_free);
  g_clear_pointer (&self->listen, g_strfreev);
  g_clear_pointer (&self->layer, g_free);
  g_clear_pointer (&self->redis, g_strfreev);
}
