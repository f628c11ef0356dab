/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What `[Layer]` of channels.conf may say: between the program that reads it and the one that
 * writes it for a Django project. Each begins with the key that it bounds. */

#define CHANNELS_LAYER_ITEMS_MAX 64 /* of each list */

#define CHANNELS_LAYER_HOSTS_URL_MAX 4096     /* bytes */
#define CHANNELS_LAYER_HOSTS_SENTINELS_MAX 16 /* of one URL */
#define CHANNELS_LAYER_HOSTS_NAME G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._"
#define CHANNELS_LAYER_HOSTS_IPV6 "abcdefABCDEF" G_CSET_DIGITS ":."

#define CHANNELS_LAYER_PREFIX_MAX 99             /* bytes */
#define CHANNELS_LAYER_EXPIRY_MAX 604800         /* seconds: a week */
#define CHANNELS_LAYER_GROUP_EXPIRY_MAX 31536000 /* seconds: a year */
#define CHANNELS_LAYER_CAPACITY_MAX 1000000      /* messages of one channel */

#define CHANNELS_LAYER_CHANNEL_CAPACITY_PATTERN_MAX 255 /* bytes */
#define CHANNELS_LAYER_CHANNEL_CAPACITY_PATTERN G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.!*?[]"

G_END_DECLS
