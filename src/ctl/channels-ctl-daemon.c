/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-daemon.h"

#include "channels-names.h"
#include "channels-secret.h"

#include <string.h>

#define NAME "channelsd"

/* What stands on its command line and matters here; what does not is left alone. */
static void
take_line (ChannelsCtlDaemon *self, GStrv *line)
{
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &self->config, NULL, NULL },
    { "listen", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->listen, NULL, NULL },
    { "layer", 0, 0, G_OPTION_ARG_STRING, &self->layer, NULL, NULL },
    { "redis", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->redis, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) options = g_option_context_new (NULL);

  g_option_context_set_help_enabled (options, FALSE);
  g_option_context_set_ignore_unknown_options (options, TRUE);
  g_option_context_add_main_entries (options, entries, NULL);
  /* A line that is wrong is channelsd's to complain of: it did not start with it. */
  g_option_context_parse_strv (options, line, NULL);
}

/* The one that the next caller would start, as far as we know: beside us, or in $PATH. */
static char *
find_program (void)
{
  g_autofree char *self_path = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self_path != NULL ? g_path_get_dirname (self_path) : NULL;
  g_autofree char *beside = folder != NULL ? g_build_filename (folder, NAME, NULL) : NULL;

  if (beside != NULL && g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&beside);

  return g_find_program_in_path (NAME);
}

static gboolean
is_channelsd (const char *program)
{
  g_autofree char *name = NULL;

  if (program == NULL || !g_file_test (program, G_FILE_TEST_IS_EXECUTABLE))
    return FALSE;

  name = g_path_get_basename (program);
  return g_str_equal (name, NAME);
}

/**
 * channels_ctl_daemon_init_from_process:
 * @self: (out caller-allocates): how it was started
 * @pid: of a channelsd that runs
 *
 * Looks into `/proc`; what cannot be seen there is taken to be left out.
 */
void
channels_ctl_daemon_init_from_process (ChannelsCtlDaemon *self, guint pid)
{
  g_autofree char *exe = g_strdup_printf ("/proc/%u/exe", pid);
  g_autofree char *cmdline = g_strdup_printf ("/proc/%u/cmdline", pid);
  g_autofree char *program = g_file_read_link (exe, NULL);
  g_autofree char *text = NULL;
  gsize length = 0;

  *self = (ChannelsCtlDaemon){ 0 };
  if (g_file_get_contents (cmdline, &text, &length, NULL) && length > 0)
    {
      g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
      GStrv line;

      /* Each word ends with a NUL, the last of them perhaps with that of @text. */
      for (gsize i = 0; i < length; i += strlen (text + i) + 1)
        g_strv_builder_add (words, text + i);
      line = g_strv_builder_end (words);
      take_line (self, &line);
      channels_secret_freev (line);
    }

  if (self->config != NULL)
    {
      g_autofree char *link = g_strdup_printf ("/proc/%u/cwd", pid);
      g_autofree char *folder = g_file_read_link (link, NULL);
      g_autofree char *given = g_steal_pointer (&self->config);

      if (folder != NULL || g_path_is_absolute (given))
        self->config = g_canonicalize_filename (given, folder);
    }
  self->program = is_channelsd (program) ? g_steal_pointer (&program) : find_program ();
}

/**
 * channels_ctl_daemon_init_from_line:
 * @self: (out caller-allocates): how it would be started
 * @line: (nullable): the command line, as `Exec=` has it; `NULL` where nobody has said
 */
void
channels_ctl_daemon_init_from_line (ChannelsCtlDaemon *self, const char *line)
{
  g_autofree char *program = NULL;
  GStrv words = NULL;

  *self = (ChannelsCtlDaemon){ 0 };
  if (line != NULL && g_shell_parse_argv (line, NULL, &words, NULL))
    {
      program = g_find_program_in_path (words[0]);
      take_line (self, &words);
      channels_secret_freev (words);
    }

  self->program = is_channelsd (program) ? g_steal_pointer (&program) : find_program ();
}

/**
 * channels_ctl_daemon_clear:
 * @self: how it was started
 */
void
channels_ctl_daemon_clear (ChannelsCtlDaemon *self)
{
  g_clear_pointer (&self->program, g_free);
  g_clear_pointer (&self->config, g_free);
  g_clear_pointer (&self->listen, g_strfreev);
  g_clear_pointer (&self->layer, g_free);
  g_clear_pointer (&self->redis, channels_secret_freev);
}

static char *
file_in (const char *directory)
{
  return g_build_filename (directory, CHANNELS_FOLDER, CHANNELS_CONFIG_FILE_NAME, NULL);
}

/**
 * channels_ctl_daemon_find_config:
 * @self: how it was started
 *
 * Returns: (transfer full) (nullable): the configuration file that it reads; `NULL` where it finds
 *   none
 */
char *
channels_ctl_daemon_find_config (const ChannelsCtlDaemon *self)
{
  const char *const *directories = g_get_system_config_dirs ();
  g_autofree char *path = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  if (self->config != NULL)
    return g_strdup (self->config);

  path = file_in (g_get_user_config_dir ());
  for (guint i = 0; !g_file_test (path, G_FILE_TEST_EXISTS); i++)
    {
      if (directories[i] == NULL)
        return NULL;

      g_free (path);
      path = file_in (directories[i]);
    }

  return g_steal_pointer (&path);
}

/* Whether a variable of a process, whose NULs are between them, is as ours; an empty one is none.
 */
static gboolean
is_ours (const char *environment, gsize length, const char *name)
{
  const char *ours = g_getenv (name);
  const char *theirs = "";
  gsize n = strlen (name);

  for (gsize i = 0; i < length; i += strlen (environment + i) + 1)
    {
      if (strncmp (environment + i, name, n) == 0 && environment[i + n] == '=')
        theirs = environment + i + n + 1;
    }

  return g_str_equal (theirs, ours != NULL ? ours : "");
}

/**
 * channels_ctl_daemon_may_find_config:
 * @self: how it was started
 * @pid: of the channelsd that runs
 *
 * Returns: `FALSE` where it is known to look for its configuration in other directories than
 *   channels_ctl_daemon_find_config() does
 */
gboolean
channels_ctl_daemon_may_find_config (const ChannelsCtlDaemon *self, guint pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/environ", pid);
  g_autofree char *own = file_in (g_get_user_config_dir ());
  g_autofree char *environment = NULL;
  gsize length;

  if (self->config != NULL || !g_file_get_contents (path, &environment, &length, NULL))
    return TRUE;

  /* The system's are looked into where the user's own has none. */
  return is_ours (environment, length, "HOME") &&
         is_ours (environment, length, "XDG_CONFIG_HOME") &&
         (g_file_test (own, G_FILE_TEST_EXISTS) ||
          is_ours (environment, length, "XDG_CONFIG_DIRS"));
}
