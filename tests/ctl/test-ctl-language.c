/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl.h"

#include <glib/gi18n.h>
#include <locale.h>

static char *
get_help (const char *command)
{
  g_autoptr (GInputStream) input = g_memory_input_stream_new ();
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GOutputStream) errors = g_memory_output_stream_new_resizable ();
  g_autoptr (ChannelsCtlContext) context = channels_ctl_context_new (input, output, errors);
  const char *argv[] = { "channelsctl", "help", command, NULL };
  GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM (output);

  g_assert_cmpint (channels_ctl_run (context, (char **) argv), ==, 0);

  return g_strndup (g_memory_output_stream_get_data (memory),
                    g_memory_output_stream_get_data_size (memory));
}

static void
assert_contains (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” is not in:\n%s", part, text);
}

static void
speak (const char *language)
{
  g_setenv ("LANGUAGE", language, TRUE);
  /* gettext looks at LANGUAGE anew. */
  textdomain (GETTEXT_PACKAGE);
}

static void
test_commands (void)
{
  g_autofree char *help = NULL;

  g_test_summary ("The help speaks Chinese, titles and options too");

  speak ("zh_TW");
  help = get_help (NULL);

  assert_contains (help, "  send 群組 訊息");
  assert_contains (help, "傳送訊息到群組");
  assert_contains (help, "顯示此說明");
  assert_contains (help, "channelsctl [");
}

static void
test_command (void)
{
  g_autofree char *help = NULL;

  g_test_summary ("The help of a command does");

  speak ("zh_TW");
  help = get_help ("ticket");

  assert_contains (help, "channelsctl ticket [");
  assert_contains (help, "--origin=來源");
  assert_contains (help, "產生一張票證");
}

static void
test_simplified (void)
{
  g_autofree char *help = NULL;

  g_test_summary ("Simplified Chinese has words of its own");

  speak ("zh_CN");
  help = get_help (NULL);

  assert_contains (help, "  send 群组 消息");
  assert_contains (help, "发送消息到群组");
}

static void
test_german (void)
{
  g_autofree char *help = NULL;

  g_test_summary ("The help speaks German");

  speak ("de");
  help = get_help (NULL);

  assert_contains (help, "  send GRUPPE NACHRICHT");
  assert_contains (help, "Diese Hilfe anzeigen");
}

int
main (int argc, char **argv)
{
  g_autofree char *directory = NULL;

  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);

  directory = g_test_build_filename (G_TEST_BUILT, "..", "po", NULL);
  bindtextdomain (GETTEXT_PACKAGE, directory);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");

  g_test_add_func ("/ctl/language/commands", test_commands);
  g_test_add_func ("/ctl/language/command", test_command);
  g_test_add_func ("/ctl/language/simplified", test_simplified);
  g_test_add_func ("/ctl/language/german", test_german);

  return g_test_run ();
}
