/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-error.h"

#include "channels-error.h"
#include "channels-names.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

G_DEFINE_QUARK (channels_ctl_error_quark, channels_ctl_error)

/* What the service may answer, by the end of its name on the bus. */
static const struct
{
  const char *name;
  const char *sentence;
} service_errors[] = {
  [CHANNELS_ERROR_INVALID_NAME] = { "InvalidName", N_ ("that is not a valid name") },
  [CHANNELS_ERROR_INVALID_EVENT] = { "InvalidEvent", N_ ("that event cannot be sent") },
  [CHANNELS_ERROR_MESSAGE_TOO_BIG] = { "MessageTooBig", N_ ("that message is too big") },
  [CHANNELS_ERROR_CHANNEL_FULL] = { "ChannelFull", N_ ("the channel is full") },
  [CHANNELS_ERROR_LAYER_UNAVAILABLE] = { "LayerUnavailable", N_ ("the channel layer is down") },
  [CHANNELS_ERROR_NO_SUCH_CHANNEL] = { "NoSuchChannel", N_ ("there is no such channel") },
  [CHANNELS_ERROR_NOT_ALLOWED] = { "NotAllowed", N_ ("that is not allowed") },
};

G_STATIC_ASSERT (G_N_ELEMENTS (service_errors) == CHANNELS_N_ERRORS);

/* (nullable): the end of the name of an error of our service */
static char *
get_service_error (const GError *error)
{
  g_autofree char *name = g_dbus_error_get_remote_error (error);

  if (name == NULL || !g_str_has_prefix (name, CHANNELS_BUS_ERROR_PREFIX))
    return NULL;

  return g_strdup (name + strlen (CHANNELS_BUS_ERROR_PREFIX));
}

static const char *
describe_service_error (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (service_errors); i++)
    if (g_str_equal (service_errors[i].name, name))
      return _ (service_errors[i].sentence);

  return _ ("the service refused");
}

static const char *
describe_bus_error (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return _ ("the service did not answer in time");
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return _ ("the session bus is gone");
  if (error->domain != G_DBUS_ERROR)
    return NULL;

  switch (error->code)
    {
    case G_DBUS_ERROR_SERVICE_UNKNOWN:
    case G_DBUS_ERROR_NAME_HAS_NO_OWNER:
      return _ ("channelsd is not running, and the session bus does not know how to start it");
    case G_DBUS_ERROR_SPAWN_EXEC_FAILED:
    case G_DBUS_ERROR_SPAWN_FORK_FAILED:
    case G_DBUS_ERROR_SPAWN_CHILD_EXITED:
    case G_DBUS_ERROR_SPAWN_CHILD_SIGNALED:
    case G_DBUS_ERROR_SPAWN_FAILED:
    case G_DBUS_ERROR_SPAWN_SETUP_FAILED:
    case G_DBUS_ERROR_SPAWN_CONFIG_INVALID:
    case G_DBUS_ERROR_SPAWN_SERVICE_INVALID:
    case G_DBUS_ERROR_SPAWN_SERVICE_NOT_FOUND:
    case G_DBUS_ERROR_SPAWN_PERMISSIONS_INVALID:
    case G_DBUS_ERROR_SPAWN_FILE_INVALID:
    case G_DBUS_ERROR_SPAWN_NO_MEMORY:
      return _ ("channelsd could not be started");
    case G_DBUS_ERROR_NO_REPLY:
    case G_DBUS_ERROR_TIMEOUT:
    case G_DBUS_ERROR_TIMED_OUT:
    case G_DBUS_ERROR_DISCONNECTED:
      return _ ("channelsd went away without an answer");
    case G_DBUS_ERROR_UNKNOWN_METHOD:
    case G_DBUS_ERROR_UNKNOWN_INTERFACE:
    case G_DBUS_ERROR_UNKNOWN_OBJECT:
    case G_DBUS_ERROR_UNKNOWN_PROPERTY:
      return _ ("the channelsd that is running is another version, and cannot do this");
    case G_DBUS_ERROR_ACCESS_DENIED:
    case G_DBUS_ERROR_AUTH_FAILED:
      return _ ("the session bus does not allow it");
    default:
      return NULL;
    }
}

/**
 * channels_ctl_error_is_from_service:
 * @error: what a call over the bus failed with
 *
 * Returns: whether the service itself refused, rather than not being there
 */
gboolean
channels_ctl_error_is_from_service (const GError *error)
{
  g_autofree char *name = NULL;

  g_return_val_if_fail (error != NULL, FALSE);

  name = get_service_error (error);
  return name != NULL;
}

/**
 * channels_ctl_error_describe:
 * @error: any error
 *
 * Says in plain words what an error means: no names of the bus, but what happened, followed by the
 * details that came with it.
 *
 * Returns: (transfer full): the words, with no full stop or line feed of ours
 */
char *
channels_ctl_error_describe (const GError *error)
{
  g_autoptr (GError) bare = NULL;
  g_autofree char *service_error = NULL;
  const char *sentence = NULL;

  g_return_val_if_fail (error != NULL, NULL);

  bare = g_error_copy (error);
  g_dbus_error_strip_remote_error (bare);

  service_error = get_service_error (error);
  sentence =
      service_error != NULL ? describe_service_error (service_error) : describe_bus_error (error);
  if (sentence == NULL)
    return g_strdup (bare->message);
  if (*bare->message == '\0')
    return g_strdup (sentence);

  /* Translators: what went wrong, then the details, in English. */
  return g_strdup_printf (_ ("%s: %s"), sentence, bare->message);
}
