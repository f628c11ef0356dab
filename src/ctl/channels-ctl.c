/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl.h"

#include "channels-ctl-command.h"
#include "channels-ctl-complete.h"
#include "channels-ctl-error.h"
#include "channels-ctl-table.h"

#include <glib/gi18n.h>
#include <stdlib.h>

#define EXIT_USAGE 2

static gboolean run_help (ChannelsCtlContext *context, char **argv, GError **error);

static const ChannelsCtlCommand help_command = {
  .name = "help",
  .arguments = N_ ("[COMMAND]"),
  .summary = N_ ("Say how a command is used"),
  .n_arguments_max = 1,
  .completes = CHANNELS_CTL_COMPLETES_COMMAND,
  .run = run_help,
};

/* In the order of the help. */
static const ChannelsCtlCommand *const commands[] = {
  &channels_ctl_send,    &channels_ctl_listen, &channels_ctl_groups,
  &channels_ctl_members, &channels_ctl_status, &channels_ctl_watch,
  &channels_ctl_open,    &channels_ctl_ticket, &channels_ctl_disconnect,
  &channels_ctl_reload,  &channels_ctl_doctor, &channels_ctl_import_django,
  &help_command,
};

static const ChannelsCtlCommand *
find_command (const char *name, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i]->name, name))
      return commands[i];

  g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE, _ ("there is no command “%s”"),
               name);
  return NULL;
}

static char *
list_commands (void)
{
  static const ChannelsCtlAlign columns[] = { CHANNELS_CTL_ALIGN_LEFT, CHANNELS_CTL_ALIGN_LEFT };
  g_autoptr (ChannelsCtlTable) table = channels_ctl_table_new (columns, G_N_ELEMENTS (columns));
  g_autofree char *rows = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      const ChannelsCtlCommand *command = commands[i];
      g_autofree char *usage =
          command->arguments == NULL
              ? g_strdup_printf ("  %s", command->name)
              : g_strdup_printf ("  %s %s", command->name, _ (command->arguments));
      const char *cells[] = { usage, _ (command->summary) };

      channels_ctl_table_add_row (table, cells);
    }

  rows = channels_ctl_table_to_text (table);
  return g_strconcat (_ ("Commands:"), "\n", rows, NULL);
}

static void
set_help (GOptionContext *options, GError **error)
{
  g_autofree char *list = list_commands ();
  g_autofree char *help = NULL;

  g_option_context_set_description (options, list);
  g_set_prgname ("channelsctl");
  help = g_option_context_get_help (options, TRUE, NULL);
  g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_HELP, help);
}

/* The program's own options end at the name of the sub-command. */
static gboolean
run_line (ChannelsCtlContext *context, char **argv, GError **error)
{
  gboolean help = FALSE;
  gboolean version = FALSE;
  g_auto (GStrv) rest = NULL;
  const GOptionEntry entries[] = {
    { "help", 'h', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &help, N_ ("Show this help"), NULL },
    { "version", 'V', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &version, N_ ("Show the version"),
      NULL },
    { G_OPTION_REMAINING, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) options = g_option_context_new (_ ("COMMAND [ARGUMENT…]"));
  g_autoptr (GError) parse_error = NULL;
  g_auto (GStrv) line = g_strdupv (argv);
  const ChannelsCtlCommand *command;

  g_option_context_set_help_enabled (options, FALSE);
  g_option_context_set_strict_posix (options, TRUE);
  g_option_context_set_summary (
      options, _ ("Speaks to groups of browser tabs, desktop apps and other computers."));
  g_option_context_add_main_entries (options, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse_strv (options, &line, &parse_error))
    {
      g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE,
                           parse_error->message);
      return FALSE;
    }

  if (help)
    {
      set_help (options, error);
      return FALSE;
    }
  if (version)
    return channels_ctl_context_print (context, "channelsctl " PACKAGE_VERSION "\n", error);
  if (rest == NULL)
    {
      g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE,
                           _ ("a command is missing"));
      return FALSE;
    }

  command = find_command (rest[0], error);
  return command != NULL && command->run (context, rest, error);
}

/* To ask for help on a command is to give it --help. */
static gboolean
run_help (ChannelsCtlContext *context, char **argv, GError **error)
{
  const GOptionEntry options[] = { G_OPTION_ENTRY_NULL };
  g_auto (GStrv) arguments = NULL;

  if (!channels_ctl_command_parse (&help_command, argv, options, &arguments, error))
    return FALSE;

  if (arguments[0] != NULL)
    {
      const ChannelsCtlCommand *command = find_command (arguments[0], error);
      const char *line[] = { arguments[0], "--help", NULL };

      return command != NULL && command->run (context, (char **) line, error);
    }
  else
    {
      const char *line[] = { "channelsctl", "--help", NULL };

      return run_line (context, (char **) line, error);
    }
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  if (g_strcmp0 (argv[1], CHANNELS_CTL_COMPLETE_OPTION) == 0)
    return channels_ctl_complete (context, commands, G_N_ELEMENTS (commands), argv + 2, error);

  return run_line (context, argv, error);
}

static gboolean
check_encoding (char **argv, GError **error)
{
  for (char **argument = argv; *argument != NULL; argument++)
    if (!g_utf8_validate (*argument, -1, NULL))
      {
        g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE,
                     _ ("“%s” is not text in UTF-8"), *argument);
        return FALSE;
      }

  return TRUE;
}

/**
 * channels_ctl_run:
 * @context: the streams, and the service
 * @argv: (array zero-terminated=1): the command line, the program's name first
 *
 * Does what a command line says, and tells the user what came of it.
 *
 * Returns: the exit status: 0, 1 where it failed, 2 where the command line makes no sense
 */
int
channels_ctl_run (ChannelsCtlContext *context, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *words = NULL;

  g_return_val_if_fail (context != NULL, EXIT_FAILURE);
  g_return_val_if_fail (argv != NULL && argv[0] != NULL, EXIT_FAILURE);

  if (check_encoding (argv, &error) && run (context, argv, &error))
    return EXIT_SUCCESS;

  if (g_error_matches (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_HELP))
    {
      g_autoptr (GError) help = g_steal_pointer (&error);

      if (channels_ctl_context_print (context, help->message, &error))
        return EXIT_SUCCESS;
    }

  words = channels_ctl_error_describe (error);
  channels_ctl_context_report (context, "%s", words);
  if (!g_error_matches (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE))
    return EXIT_FAILURE;

  channels_ctl_context_report (context, _ ("“%s” says how it is used"), "channelsctl help");
  return EXIT_USAGE;
}
