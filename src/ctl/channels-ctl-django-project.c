/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-django-project.h"

#include "channels-ctl-error.h"
#include "channels-ctl-python.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

#define MANAGE "manage.py"
#define OUTPUT_MAX ((gsize) 1024 * 1024) /* bytes of what manage.py may print */

/* A project may print what it likes while it starts: our line is the one that begins so. */
#define MARK "CHANNEL_LAYERS="

#define TAGGED(tag, value)                                                                         \
  "{\"" CHANNELS_CTL_PYTHON_TAG "\": \"" tag "\", \"" CHANNELS_CTL_PYTHON_VALUE "\": " value "}"

/* For Python 3.7 and later; ASCII, whatever is in the settings. The tags are told of in
 * channels-ctl-python.h. */
static const char script[] =
    "import base64, json, math, re\n"
    "from django.conf import settings\n"
    "def name(kind):\n"
    "    return kind.__module__ + '.' + kind.__qualname__\n"
    "def plain(value):\n"
    "    if value is None or isinstance(value, (bool, str)):\n"
    "        return value\n"
    "    if isinstance(value, int) and -2 ** 63 <= value < 2 ** 64:\n"
    "        return int(value)\n"
    "    if isinstance(value, float) and math.isfinite(value):\n"
    "        return float(value)\n"
    "    if isinstance(value, (bytes, bytearray)):\n"
    "        return " TAGGED (
        CHANNELS_CTL_PYTHON_BYTES,
        "base64.b64encode(value).decode()") "\n"
                                            "    if isinstance(value, (list, tuple)):\n"
                                            "        return [plain(item) for item in value]\n"
                                            "    if isinstance(value, dict):\n"
                                            "        if all(isinstance(key, str) for key in "
                                            "value):\n"
                                            "            return {key: plain(value[key]) for key in "
                                            "value}\n"
                                            "        pairs = [[plain(key), plain(value[key])] for "
                                            "key in value]\n"
                                            "        return " TAGGED (
                                                CHANNELS_CTL_PYTHON_DICT,
                                                "pairs") "\n"
                                                         "    if isinstance(value, "
                                                         "type(re.compile(''))):\n"
                                                         "        return " TAGGED (
                                                             CHANNELS_CTL_PYTHON_PATTERN,
                                                             "str(value.pattern)") "\n"
                                                                                   "    if "
                                                                                   "isinstance("
                                                                                   "value, type):\n"
                                                                                   "        "
                                                                                   "return"
                                                                                   " " TAGGED (
                                                                                       CHANNELS_CTL_PYTHON_CLASS,
                                                                                       "name("
                                                                                       "value)") "\n"
                                                                                                 " "
                                                                                                 " "
                                                                                                 " "
                                                                                                 " "
                                                                                                 "r"
                                                                                                 "e"
                                                                                                 "t"
                                                                                                 "u"
                                                                                                 "r"
                                                                                                 "n"
                                                                                                 " " TAGGED (
                                                                                                     CHANNELS_CTL_PYTHON_OTHER,
                                                                                                     "name(type(value))") "\n"
                                                                                                                          "layers = plain(getattr(settings, 'CHANNEL_LAYERS', {}))\n"
                                                                                                                          "print('\\n" MARK
                                                                                                                          "' + json.dumps(layers))\n";

/**
 * channels_ctl_django_project_find_layers:
 * @text: what manage.py has printed, or a text in JSON
 *
 * Returns: (transfer none): where in @text the layers begin: behind the mark, if it has one
 */
const char *
channels_ctl_django_project_find_layers (const char *text)
{
  const char *line;

  g_return_val_if_fail (text != NULL, NULL);

  if (g_str_has_prefix (text, MARK))
    return text + strlen (MARK);

  line = g_strrstr (text, "\n" MARK);
  return line != NULL ? line + strlen ("\n" MARK) : text;
}

/* A program that is named by a path is there where the user is, and not in the project. */
static char *
find_program (const char *program)
{
  return strchr (program, G_DIR_SEPARATOR) != NULL ? g_canonicalize_filename (program, NULL)
                                                   : g_strdup (program);
}

static GSubprocess *
start (const char *folder, const char *python, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GError) start_error = NULL;
  g_autofree char *program = find_program (python);
  GSubprocess *process;

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_subprocess_launcher_set_cwd (launcher, folder);
  process = g_subprocess_launcher_spawn (launcher, &start_error, program, MANAGE, "shell",
                                         "--verbosity=0", "--command", script, NULL);
  if (process == NULL)
    g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED, _ ("“%s” cannot be run: %s"),
                 python, start_error->message);

  return process;
}

static char *
read_output (GSubprocess *process, GError **error)
{
  g_autoptr (GError) read_error = NULL;
  g_autofree char *text = g_malloc (OUTPUT_MAX + 1);
  gsize length;

  if (!g_input_stream_read_all (g_subprocess_get_stdout_pipe (process), text, OUTPUT_MAX + 1,
                                &length, NULL, &read_error))
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED, "%s", read_error->message);
      return NULL;
    }
  if (length > OUTPUT_MAX)
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("%s prints more than %u bytes"), MANAGE, (guint) OUTPUT_MAX);
      return NULL;
    }

  text[length] = '\0';
  return g_steal_pointer (&text);
}

/**
 * channels_ctl_django_project_read:
 * @folder: of a Django project
 * @python: the interpreter that has its modules
 * @error: return location for a `GError`, or `NULL`
 *
 * Asks a project for its `CHANNEL_LAYERS`, by its own `manage.py`. What that complains of goes to
 * our standard error.
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED`; nothing runs any more then.
 *
 * Returns: (transfer full): what it printed, for channels_ctl_django_project_find_layers(); `NULL`
 *   with @error set otherwise
 */
char *
channels_ctl_django_project_read (const char *folder, const char *python, GError **error)
{
  g_autofree char *manage = g_build_filename (folder, MANAGE, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GSubprocess) process = NULL;

  g_return_val_if_fail (folder != NULL, NULL);
  g_return_val_if_fail (python != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!g_file_test (manage, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("“%s” is not the folder of a Django project: it has no %s"), folder, MANAGE);
      return NULL;
    }

  process = start (folder, python, error);
  if (process == NULL)
    return NULL;

  text = read_output (process, error);
  if (text == NULL)
    g_subprocess_force_exit (process);
  g_subprocess_wait (process, NULL, NULL);
  if (text == NULL)
    return NULL;

  if (!g_subprocess_get_successful (process))
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("%s failed; --python names the interpreter that has Django"), MANAGE);
      return NULL;
    }

  return g_steal_pointer (&text);
}
