/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-context.h"

#include "channels-ctl-error.h"
#include "channels-ctl-json.h"
#include "channels-ctl-text.h"

#include "channels-limits.h"
#include "channels-names.h"

#include <glib/gi18n.h>

/**
 * ChannelsCtlContext:
 *
 * What a sub-command works with: three streams, and the service at the other end of the bus, which
 * is not called, nor even the bus, before it is asked for.
 */
struct _ChannelsCtlContext
{
  GInputStream *input;         /* (owned) */
  GOutputStream *output;       /* (owned) */
  GOutputStream *errors;       /* (owned) */
  ChannelsDBusChannels *proxy; /* (owned) (nullable): none before it is asked for */
};

/**
 * channels_ctl_context_new:
 * @input: what `-` reads
 * @output: where answers go
 * @errors: where reports go
 *
 * Returns: (transfer full): a context that has not called anybody
 */
ChannelsCtlContext *
channels_ctl_context_new (GInputStream *input, GOutputStream *output, GOutputStream *errors)
{
  ChannelsCtlContext *self;

  g_return_val_if_fail (G_IS_INPUT_STREAM (input), NULL);
  g_return_val_if_fail (G_IS_OUTPUT_STREAM (output), NULL);
  g_return_val_if_fail (G_IS_OUTPUT_STREAM (errors), NULL);

  self = g_new0 (ChannelsCtlContext, 1);
  self->input = g_object_ref (input);
  self->output = g_object_ref (output);
  self->errors = g_object_ref (errors);

  return self;
}

/**
 * channels_ctl_context_free:
 * @self: (transfer full): a context
 */
void
channels_ctl_context_free (ChannelsCtlContext *self)
{
  g_clear_object (&self->proxy);
  g_clear_object (&self->errors);
  g_clear_object (&self->output);
  g_clear_object (&self->input);
  g_free (self);
}

/**
 * channels_ctl_context_get_proxy:
 * @self: a context
 * @error: return location for a `GError`, or `NULL`
 *
 * Connects to the session bus, the first time. Whether the service is there, or can be started,
 * shows in the first call of a method.
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED` where there is no session bus.
 *
 * Returns: (transfer none) (nullable): the service, or `NULL` with @error set
 */
ChannelsDBusChannels *
channels_ctl_context_get_proxy (ChannelsCtlContext *self, GError **error)
{
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GError) bus_error = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (self->proxy != NULL)
    return self->proxy;

  connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &bus_error);
  if (connection == NULL)
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("there is no session bus: %s"), bus_error->message);
      return NULL;
    }

  /* The end of the bus is an error to report, not a signal to die from. */
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  self->proxy = channels_dbus_channels_proxy_new_sync (
      connection,
      G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES |
          G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START_AT_CONSTRUCTION,
      CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH, NULL, error);

  return self->proxy;
}

/* By the name of the service, not of who has it now, as a proxy would: that one may be about to
 * end, and the bus starts another. */
static GVariant *
call (ChannelsCtlContext *self,
      const char *interface,
      const char *method,
      GVariant *arguments,
      const char *reply_type,
      GError **error)
{
  g_autoptr (GVariant) owned = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  ChannelsDBusChannels *proxy = channels_ctl_context_get_proxy (self, error);

  if (proxy == NULL)
    return NULL;

  return g_dbus_connection_call_sync (g_dbus_proxy_get_connection (G_DBUS_PROXY (proxy)),
                                      CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH, interface, method,
                                      owned, G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE,
                                      -1, NULL, error);
}

/**
 * channels_ctl_context_call:
 * @self: a context
 * @method: one of the service's methods
 * @arguments: (nullable): a tuple; taken where it floats
 * @reply_type: the type of the answer, a tuple
 * @error: return location for a `GError`, or `NULL`
 *
 * Calls the service, which the bus starts where it does not run.
 *
 * Fails as channels_ctl_context_get_proxy() does, or with what the call failed with.
 *
 * Returns: (transfer full) (nullable): the answer, or `NULL` with @error set
 */
GVariant *
channels_ctl_context_call (ChannelsCtlContext *self,
                           const char *method,
                           GVariant *arguments,
                           const char *reply_type,
                           GError **error)
{
  return call (self, CHANNELS_BUS_INTERFACE, method, arguments, reply_type, error);
}

static GVariant *
get_all (ChannelsCtlContext *self, GError **error)
{
  g_autoptr (GVariant) reply =
      call (self, "org.freedesktop.DBus.Properties", "GetAll",
            g_variant_new ("(s)", CHANNELS_BUS_INTERFACE), "(a{sv})", error);

  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

/**
 * channels_ctl_context_get_properties:
 * @self: a context
 * @error: return location for a `GError`, or `NULL`
 *
 * Asks the service for all its properties.
 *
 * Fails as channels_ctl_context_get_proxy() does, or with what the call failed with. A service that
 * cannot listen shows its properties all the same, while it ends: then it fails with what that one
 * answers to a call.
 *
 * Returns: (transfer full) (nullable): an `a{sv}`, or `NULL` with @error set
 */
GVariant *
channels_ctl_context_get_properties (ChannelsCtlContext *self, GError **error)
{
  g_autoptr (GVariant) properties = get_all (self, error);
  g_autoptr (GVariant) statistics = NULL;
  const char *url;

  if (properties == NULL || !g_variant_lookup (properties, "Url", "&s", &url) || *url != '\0')
    return g_steal_pointer (&properties);

  statistics = channels_ctl_context_call (self, "ListStatistics", NULL, "(a(sutt))", error);

  return statistics != NULL ? get_all (self, error) : NULL;
}

/**
 * channels_ctl_context_get_input:
 * @self: a context
 *
 * Returns: (transfer none): what the user types, or a pipe brings
 */
GInputStream *
channels_ctl_context_get_input (ChannelsCtlContext *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->input;
}

/**
 * channels_ctl_context_get_output:
 * @self: a context
 *
 * Returns: (transfer none): where answers go
 */
GOutputStream *
channels_ctl_context_get_output (ChannelsCtlContext *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->output;
}

/**
 * channels_ctl_context_read:
 * @self: a context
 * @out_length: (out): bytes read
 * @error: return location for a `GError`, or `NULL`
 *
 * Reads the input to its end. It must be text, and no larger than an event from the bus may be by
 * default.
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED` where it is larger, no UTF-8, or cannot be read.
 *
 * Returns: (transfer full) (nullable): the text, or `NULL` with @error set
 */
char *
channels_ctl_context_read (ChannelsCtlContext *self, gsize *out_length, GError **error)
{
  gsize limit = channels_limit_get_info (CHANNELS_LIMIT_EVENT_SIZE)->value;
  g_autoptr (GError) read_error = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (out_length != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  /* Room for one byte past the limit tells what is at it from what is past it. */
  text = g_malloc (limit + 2);
  if (!g_input_stream_read_all (self->input, text, limit + 1, &length, NULL, &read_error))
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("standard input cannot be read: %s"), read_error->message);
      return NULL;
    }
  if (length > limit)
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("standard input has more than %u bytes"), (guint) limit);
      return NULL;
    }
  if (!g_utf8_validate_len (text, length, NULL))
    {
      g_set_error_literal (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                           _ ("standard input is not text in UTF-8"));
      return NULL;
    }

  text[length] = '\0';
  *out_length = length;
  return g_steal_pointer (&text);
}

/**
 * channels_ctl_context_print:
 * @self: a context
 * @text: UTF-8
 * @error: return location for a `GError`, or `NULL`
 *
 * Writes an answer, all of it.
 *
 * Fails with `CHANNELS_CTL_ERROR_NO_READER` where whoever read it has gone, and with
 * `CHANNELS_CTL_ERROR_FAILED` where it cannot be written: a full disk, for one.
 *
 * Returns: whether @text was written, with @error set otherwise
 */
gboolean
channels_ctl_context_print (ChannelsCtlContext *self, const char *text, GError **error)
{
  g_autoptr (GError) write_error = NULL;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!g_output_stream_write_all (self->output, text, strlen (text), NULL, NULL, &write_error))
    {
      g_set_error (error, CHANNELS_CTL_ERROR,
                   g_error_matches (write_error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE)
                       ? CHANNELS_CTL_ERROR_NO_READER
                       : CHANNELS_CTL_ERROR_FAILED,
                   _ ("standard output cannot be written: %s"), write_error->message);
      return FALSE;
    }

  return TRUE;
}

/**
 * channels_ctl_context_print_json:
 * @self: a context
 * @value: the answer; consumed if floating
 * @error: return location for a `GError`, or `NULL`
 *
 * Writes an answer as one line of JSON.
 *
 * Fails as channels_ctl_json_line_new() and channels_ctl_context_print() do.
 *
 * Returns: whether it was written, with @error set otherwise
 */
gboolean
channels_ctl_context_print_json (ChannelsCtlContext *self, GVariant *value, GError **error)
{
  g_autofree char *line = channels_ctl_json_line_new (value, error);

  return line != NULL && channels_ctl_context_print (self, line, error);
}

/**
 * channels_ctl_context_report:
 * @self: a context
 * @format: what happened, as for printf(), in the user's language, with no line feed
 * @...: what it holds
 *
 * Tells the user something that is no answer, on a line of its own. Where even that cannot be
 * written, there is nobody left to tell.
 */
void
channels_ctl_context_report (ChannelsCtlContext *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *escaped = NULL;
  g_autofree char *line = NULL;
  va_list arguments;

  g_return_if_fail (self != NULL);
  g_return_if_fail (format != NULL);

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  escaped = channels_ctl_text_escape (text);
  line = g_strdup_printf ("channelsctl: %s\n", escaped);
  g_output_stream_write_all (self->errors, line, strlen (line), NULL, NULL, NULL);
}
