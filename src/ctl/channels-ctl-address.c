/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-address.h"

#include "channels-ctl-doctor.h"
#include "channels-ctl-http.h"

#include <string.h>

/* Those that channels.conf(5) has where nothing is said. */
static const char *const default_listen[] = { "127.0.0.1:8484", "[::1]:8484", NULL };

/**
 * channels_ctl_address_list:
 * @daemon: how the service was started, or would be
 * @config: (nullable): its configuration, without mistakes
 *
 * Returns: (transfer full) (nullable): where it is to listen; `NULL` where that cannot be read
 */
GStrv
channels_ctl_address_list (const ChannelsCtlDaemon *daemon, GKeyFile *config)
{
  GStrv listen = NULL;

  if (daemon->listen != NULL)
    return g_strdupv (daemon->listen);
  if (config == NULL)
    return NULL;

  listen = g_key_file_get_string_list (config, "Server", "Listen", NULL, NULL);
  if (listen == NULL)
    return g_strdupv ((GStrv) default_listen);

  /* GKeyFile keeps what channelsd leaves out: the spaces in front of an item. */
  for (guint i = 0; listen[i] != NULL; i++)
    g_strchug (listen[i]);
  return listen;
}

/**
 * channels_ctl_address_parse:
 * @item: one that channelsd has found right
 *
 * Returns: (transfer full) (nullable): the same; none where the port is the kernel's choice
 */
GSocketAddress *
channels_ctl_address_parse (const char *item)
{
  const char *colon = strrchr (item, ':');
  g_autofree char *host = NULL;
  guint64 port;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &port, NULL))
    return NULL;

  host = item[0] == '[' ? g_strndup (item + 1, MAX (colon - item - 2, 0))
                        : g_strndup (item, colon - item);
  return g_inet_socket_address_new_from_string (host, (guint) port);
}

/**
 * channels_ctl_address_try:
 * @address: an address
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: whether it could be listened on now; `FALSE` with @error set where not
 */
gboolean
channels_ctl_address_try (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) bound = g_socket_new (g_socket_address_get_family (address),
                                            G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  return bound != NULL && g_socket_bind (bound, address, TRUE, error);
}

/**
 * channels_ctl_address_answers:
 * @item: where the service is to listen
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: whether somebody answers there, or nobody could: there is no such address, or the port
 *   is the kernel's choice; `FALSE` with @error set where not
 */
gboolean
channels_ctl_address_answers (const char *item, GError **error)
{
  g_autoptr (GSocketAddress) address = channels_ctl_address_parse (item);
  g_autofree char *url = g_strdup_printf ("http://%s/", item);
  g_auto (ChannelsCtlHttp) answer = { 0 };
  g_autoptr (GError) why = NULL;

  if (address == NULL ||
      channels_ctl_http_get (url, "/health", CHANNELS_CTL_DOCTOR_PATIENCE, &answer, &why) ||
      (g_socket_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
       !channels_ctl_address_try (address, NULL)))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

/* Whether it stands for others, of which a URL names one. */
static gboolean
is_any (GSocketAddress *address)
{
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);

  return g_inet_address_get_is_any (g_inet_socket_address_get_address (inet));
}

static gboolean
are_same (GSocketAddress *a, GSocketAddress *b)
{
  GInetSocketAddress *inet_a = G_INET_SOCKET_ADDRESS (a);
  GInetSocketAddress *inet_b = G_INET_SOCKET_ADDRESS (b);

  return g_inet_socket_address_get_port (inet_a) == g_inet_socket_address_get_port (inet_b) &&
         g_inet_address_equal (g_inet_socket_address_get_address (inet_a),
                               g_inet_socket_address_get_address (inet_b));
}

/**
 * channels_ctl_address_may_be_listed:
 * @url: of the page
 * @listen: where the service is to listen
 *
 * Returns: `FALSE` where @url is at none of these addresses
 */
gboolean
channels_ctl_address_may_be_listed (const char *url, char **listen)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  g_autoptr (GSocketAddress) address = NULL;

  if (uri != NULL && g_uri_get_host (uri) != NULL && g_uri_get_port (uri) > 0)
    address =
        g_inet_socket_address_new_from_string (g_uri_get_host (uri), (guint) g_uri_get_port (uri));
  if (address == NULL)
    return TRUE;

  for (guint i = 0; listen[i] != NULL; i++)
    {
      g_autoptr (GSocketAddress) listed = channels_ctl_address_parse (listen[i]);

      if (listed == NULL || is_any (listed) || are_same (listed, address))
        return TRUE;
    }

  return FALSE;
}
