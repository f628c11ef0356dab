/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-layer-bounds.h"
#include "channels-redis-address.h"

#include <gio/gio.h>
#include <string.h>

/* A URL that is taken is shown as one that reads the same, and one that is not has a reason. */

static void
check_address (const ChannelsRedisAddress *address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisAddress) again = NULL;

  g_assert_true ((address->kind == CHANNELS_REDIS_ADDRESS_UNIX) == (address->hosts->len == 0));
  g_assert_cmpuint (address->hosts->len, <=, CHANNELS_LAYER_HOSTS_SENTINELS_MAX);
  g_assert_true (address->user == NULL || address->password != NULL);

  again = channels_redis_address_parse (address->display, &error);
  /* What is shown has each port and escape in full, so it may grow past the bound. */
  if (strlen (address->display) > CHANNELS_LAYER_HOSTS_URL_MAX)
    return;

  g_assert_no_error (error);
  g_assert_null (again->password);
  g_assert_cmpuint (again->database, ==, address->database);
  g_assert_cmpstr (again->path, ==, address->path);
  g_assert_cmpstr (again->master_name, ==, address->master_name);
  g_assert_cmpstr (again->display, ==, address->display);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *url = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChannelsRedisAddress) address = channels_redis_address_parse (url, &error);

  g_assert_true ((address == NULL) == (error != NULL));
  if (address != NULL)
    check_address (address);
  else
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);

  return 0;
}
