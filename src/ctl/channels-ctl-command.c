/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"

#include "channels-ctl-error.h"

#include <glib/gi18n.h>

/* Instead of all else in a sub-command's line: which options has it? They stand in its function. */
#define LIST_OPTIONS "--list-options"

static gboolean
check_count (const ChannelsCtlCommand *self, guint count, GError **error)
{
  if (count >= self->n_arguments_min && count <= self->n_arguments_max)
    return TRUE;

  if (self->n_arguments_max == 0)
    g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE, _ ("“%s” takes no arguments"),
                 self->name);
  else
    g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE,
                 count < self->n_arguments_min ? _ ("“%s” needs more arguments: %s")
                                               : _ ("“%s” takes fewer arguments: %s"),
                 self->name, _ (self->arguments));

  return FALSE;
}

static GOptionContext *
build_options (const ChannelsCtlCommand *self, const GOptionEntry *options)
{
  GOptionContext *context = g_option_context_new (self->arguments);

  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, self->summary);
  g_option_context_add_main_entries (context, options, GETTEXT_PACKAGE);

  return context;
}

/* GOption writes the program's name into the usage line, and takes it from nowhere else. */
static void
set_help (const ChannelsCtlCommand *self, GOptionContext *options, GError **error)
{
  g_autofree char *program = g_strconcat ("channelsctl ", self->name, NULL);
  g_autofree char *help = NULL;

  g_set_prgname (program);
  help = g_option_context_get_help (options, TRUE, NULL);
  g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_HELP, help);
}

/* What the value of an option is, by the word for it in the help. */
static const char *
describe_value (const GOptionEntry *option)
{
  static const char *const files[] = { "FOLDER", "PROGRAM", NULL };

  if (option->arg == G_OPTION_ARG_NONE)
    return "";

  return option->arg_description != NULL && g_strv_contains (files, option->arg_description)
             ? "=file"
             : "=";
}

static void
list_options (GString *list, const GOptionEntry *options)
{
  for (const GOptionEntry *option = options; option->long_name != NULL; option++)
    {
      if (option->long_name[0] != '\0')
        g_string_append_printf (list, "--%s%s\t%s\n", option->long_name, describe_value (option),
                                _ (option->description));
    }
}

static void
set_option_list (const GOptionEntry *options, const GOptionEntry *common, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);

  list_options (list, options);
  list_options (list, common);
  g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_HELP, list->str);
}

/**
 * channels_ctl_command_list_options:
 * @self: a sub-command
 * @context: not written to
 *
 * Returns: (transfer full): a line for each of its options: `--name`, `=` where it takes a value or
 * `=file` where that is a file, and what it does behind a tab
 */
char **
channels_ctl_command_list_options (const ChannelsCtlCommand *self, ChannelsCtlContext *context)
{
  g_autoptr (GError) list = NULL;
  const char *line[] = { self->name, LIST_OPTIONS, NULL };
  char **lines;
  guint n_lines;

  self->run (context, (char **) line, &list);
  g_return_val_if_fail (g_error_matches (list, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_HELP),
                        g_new0 (char *, 1));

  lines = g_strsplit (list->message, "\n", -1);
  n_lines = g_strv_length (lines);
  g_clear_pointer (&lines[n_lines - 1], g_free); /* behind the last line feed */

  return lines;
}

/**
 * channels_ctl_command_parse:
 * @self: a sub-command
 * @argv: (array zero-terminated=1): its name, its options, its arguments; UTF-8
 * @options: (array zero-terminated=1): the options it has besides `--help`
 * @out_arguments: (out) (transfer full): its arguments
 * @error: return location for a `GError`, or `NULL`
 *
 * Takes a sub-command's line apart.
 *
 * Fails with `CHANNELS_CTL_ERROR_USAGE` where it makes no sense, and with `CHANNELS_CTL_ERROR_HELP`
 * where `--help` was given. The values of options that came before the mistake may be set then.
 *
 * Returns: whether the sub-command is to do its work, with @error set otherwise
 */
gboolean
channels_ctl_command_parse (const ChannelsCtlCommand *self,
                            char **argv,
                            const GOptionEntry *options,
                            char ***out_arguments,
                            GError **error)
{
  gboolean help = FALSE;
  g_auto (GStrv) arguments = NULL;
  /* File names are bytes: unlike strings, GOption does not convert them from the locale's
   * character set, which is ASCII in a cron job. */
  const GOptionEntry common[] = {
    { "help", 'h', G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &help, N_ ("Show this help"), NULL },
    { G_OPTION_REMAINING, 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME_ARRAY, &arguments, NULL,
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (GError) parse_error = NULL;
  g_auto (GStrv) line = NULL;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (argv != NULL && argv[0] != NULL, FALSE);
  g_return_val_if_fail (out_arguments != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (g_strcmp0 (argv[1], LIST_OPTIONS) == 0)
    {
      set_option_list (options, common, error);
      return FALSE;
    }

  context = build_options (self, options);
  g_option_context_add_main_entries (context, common, GETTEXT_PACKAGE);

  line = g_strdupv (argv);
  if (!g_option_context_parse_strv (context, &line, &parse_error))
    {
      g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE,
                           parse_error->message);
      return FALSE;
    }
  if (help)
    {
      set_help (self, context, error);
      return FALSE;
    }

  if (arguments == NULL)
    arguments = g_new0 (char *, 1);
  if (!check_count (self, g_strv_length (arguments), error))
    return FALSE;

  *out_arguments = g_steal_pointer (&arguments);
  return TRUE;
}

/**
 * channels_ctl_command_parse_json:
 * @self: a sub-command that has no option of its own but `--json`
 * @argv: (array zero-terminated=1): as for channels_ctl_command_parse()
 * @out_json: (out): whether the answer is wanted as JSON
 * @out_arguments: (out) (transfer full): its arguments
 * @error: return location for a `GError`, or `NULL`
 *
 * As channels_ctl_command_parse(), for those that print a table.
 *
 * Returns: whether the sub-command is to do its work, with @error set otherwise
 */
gboolean
channels_ctl_command_parse_json (const ChannelsCtlCommand *self,
                                 char **argv,
                                 gboolean *out_json,
                                 char ***out_arguments,
                                 GError **error)
{
  gboolean json = FALSE;
  const GOptionEntry options[] = {
    { "json", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &json, N_ ("Print JSON"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_return_val_if_fail (out_json != NULL, FALSE);

  if (!channels_ctl_command_parse (self, argv, options, out_arguments, error))
    return FALSE;

  *out_json = json;
  return TRUE;
}
