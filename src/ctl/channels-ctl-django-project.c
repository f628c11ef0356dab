/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-django-project.h"

#include "channels-ctl-error.h"
#include "channels-ctl-program.h"
#include "channels-ctl-resources.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

#define MANAGE "manage.py"
#define OUTPUT_MAX ((gsize) 1024 * 1024) /* bytes of what manage.py may print */

/* The program in Python that prints the layers. A project may print what it likes while it starts:
 * our line is the one that begins so. */
#define SCRIPT "/org/example/Channels/ctl/django-layers.py"
#define MARK "CHANNEL_LAYERS="

/**
 * channels_ctl_django_project_find_layers:
 * @text: what manage.py has printed, or a text in JSON
 * @out_length: (out): bytes of what is found
 *
 * Returns: (transfer none): where in @text the layers begin: behind the mark, to the end of its
 * line, if it has one
 */
const char *
channels_ctl_django_project_find_layers (const char *text, gsize *out_length)
{
  const char *line;

  g_return_val_if_fail (text != NULL && out_length != NULL, NULL);

  line = g_str_has_prefix (text, MARK) ? text : g_strrstr (text, "\n" MARK);
  if (line == NULL)
    {
      *out_length = strlen (text);
      return text;
    }

  line = strchr (line, '=') + 1;
  *out_length = strcspn (line, "\n");
  return line;
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
  g_autoptr (GBytes) script = g_resource_lookup_data (channels_ctl_get_resource (), SCRIPT,
                                                      G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autofree char *text = g_strndup (g_bytes_get_data (script, NULL), g_bytes_get_size (script));
  GSubprocess *process;

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_subprocess_launcher_set_cwd (launcher, folder);
  process = g_subprocess_launcher_spawn (launcher, &start_error, program, MANAGE, "shell",
                                         "--verbosity=0", "--command", text, NULL);
  if (process == NULL)
    g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED, _ ("“%s” cannot be run: %s"),
                 python, start_error->message);

  return process;
}

/**
 * channels_ctl_django_project_is_one:
 * @folder: a folder
 *
 * Returns: whether it can be the folder of a Django project
 */
gboolean
channels_ctl_django_project_is_one (const char *folder)
{
  g_autofree char *manage = g_build_filename (folder, MANAGE, NULL);

  return g_file_test (manage, G_FILE_TEST_IS_REGULAR);
}

/**
 * channels_ctl_django_project_read:
 * @folder: of a Django project
 * @python: the interpreter that has its modules
 * @cancellable: (nullable): ends it
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
channels_ctl_django_project_read (const char *folder,
                                  const char *python,
                                  GCancellable *cancellable,
                                  GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GSubprocess) process = NULL;

  g_return_val_if_fail (folder != NULL, NULL);
  g_return_val_if_fail (python != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!channels_ctl_django_project_is_one (folder))
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("“%s” is not the folder of a Django project: it has no %s"), folder, MANAGE);
      return NULL;
    }

  process = start (folder, python, error);
  if (process == NULL)
    return NULL;

  text = channels_ctl_program_read (process, MANAGE, OUTPUT_MAX, cancellable, error);
  if (text == NULL)
    return NULL;

  if (!g_subprocess_get_successful (process))
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("%s failed: see above; where Django is missing, --python names "
                      "the interpreter that has it"),
                   MANAGE);
      return NULL;
    }

  return g_steal_pointer (&text);
}
