// Generated from the OpenAPI document by `npm run pages`. Do not change it by hand.

/** A text with a template, which may stand for a scalar of a message. */
export type Template = `${string}{{${string}` | `${string}{%${string}`;

/** A refusal. */
export type Error = {
  /** What is wrong, in the words that clients of the original know. */
  message: string;
  /** Sentences, each of which begins with the path of what is wrong. */
  errors?: readonly (string)[];
  /** Only of a body that is not JSON. */
  error?: string;
};

/** A refusal of a request with many objects. */
export type ErrorOfObjects = {
  /** What is wrong, in the words that clients of the original know. */
  message: string;
  /** What is wrong. */
  errors?: readonly (string | {
    [name: string]: unknown;
  })[];
  /** Only of a body that is not JSON. */
  error?: string;
};

/** A refusal of the endpoints of catalogs. */
export type CatalogError = {
  /** What is wrong, in the words that clients of the original know. */
  message: string;
  errors?: readonly (string | {
    /** A word for the kind of error. */
    id: string;
    message: string;
    parameters: readonly (string)[];
    parameter_values: readonly (string)[];
    fields?: readonly (string)[];
  })[];
  /** Only of a body that is not JSON. */
  error?: string;
};

/** A refusal of the media library. */
export type AssetError = {
  /** What is wrong, in the words that clients of the original know. */
  message: string;
  /** Sentences, each of which begins with the path of what is wrong. */
  errors?: readonly (string)[];
  /** Only of a body that is not JSON. */
  error?: string;
  /** The code that the original has for a file that is not taken. */
  error_code?: string;
  /** What the code says more of. */
  meta?: {
    [name: string]: unknown;
  };
};

/** A push to Android devices. */
export type AndroidPush = {
  /** The text. Required unless `send_to_sync` is true. */
  alert?: string;
  /** The title. Required unless `send_to_sync` is true. */
  title?: string;
  /** Data for the app. */
  extra?: {
    [name: string]: unknown;
  };
  /** The variation of the campaign under whose id it is counted. */
  message_variation_id?: string;
  /** The app’s channel of notifications. */
  notification_channel_id?: string;
  /** Another spelling of `notification_channel_id`. */
  notification_channel?: string;
  /** How prominently it is shown, from -2 to 2. */
  priority?: number | Template;
  /** How urgent it is for FCM. */
  android_priority?: "normal" | "high" | Template;
  /** A silent push, without texts. */
  send_to_sync?: boolean | Template;
  /** A newer push with the same key replaces an older one that waits. */
  collapse_key?: string;
  /** Name of a sound. */
  sound?: string;
  /** A URI. */
  custom_uri?: string;
  /** Whether the link opens within the app. */
  use_webview?: boolean | Template;
  /** A second line. */
  summary_text?: string;
  /** For how many seconds it is worth delivering. */
  time_to_live?: number | Template;
  /** A newer push with the same id replaces an older one on the screen. */
  notification_id?: number | Template;
  /** A URI. */
  push_icon_image_url?: string;
  /** A colour, as ARGB. */
  accent_color?: number | Template;
  /** Whether only the device that was used last gets it. */
  send_to_most_recent_device_only?: boolean | Template;
  /** Buttons. */
  buttons?: readonly ({
    /** What the button says. */
    text: string;
    /** What it does. Default: `OPEN_APP`. */
    action?: "OPEN_APP" | "URI" | "DEEP_LINK" | "CLOSE" | Template;
    /** A URI. */
    uri?: string;
    /** Whether the link opens within the app. */
    use_webview?: boolean | Template;
  })[];
  /** A conversation. */
  conversation_data?: {
    /** Id of the conversation’s shortcut. */
    shortcut_id: string;
    /** Id of the person who answers. */
    reply_person_id: string;
    /** The messages. */
    messages: readonly ({
      text: string;
      /** Seconds since 1970. */
      timestamp: number | Template;
      /** Id of one of `persons`. */
      person_id: string;
    })[];
    /** Who takes part. */
    persons: readonly ({
      id: string;
      name: string;
    })[];
  };
};

/** A push to Apple devices. */
export type ApplePush = {
  /** The text, or its parts. Required unless `content-available` is true. */
  alert?: string | {
    /** The text. */
    body?: string;
    /** The title. */
    title?: string;
    /** Key of the title among the app’s own texts. */
    title_loc_key?: string;
    /** What to put into it. */
    title_loc_args?: readonly (string)[];
    /** Key of the button’s text. */
    action_loc_key?: string;
    /** Key of the text among the app’s own texts. */
    loc_key?: string;
    /** What to put into it. */
    loc_args?: readonly (string)[];
  };
  /** The number on the app’s icon. */
  badge?: number | Template;
  /** Name of a sound. */
  sound?: string;
  /** Data for the app. */
  extra?: {
    [name: string]: unknown;
  };
  /** A silent push, which wakes the app. */
  "content-available"?: boolean | Template;
  /** Another spelling of `content-available`. */
  content_available?: boolean | Template;
  /** How much it may disturb. */
  interruption_level?: "passive" | "active" | "time-sensitive" | "critical" | Template;
  /** Place in the summary. */
  relevance_score?: number | Template;
  /** Until when it is worth delivering. */
  expiry?: string;
  /** A URI. */
  custom_uri?: string;
  /** Whether the link opens within the app. */
  use_webview?: boolean | Template;
  /** The variation of the campaign under whose id it is counted. */
  message_variation_id?: string;
  /** Pushes with the same id are shown together. */
  notification_group_thread_id?: string;
  /** A URI. */
  asset_url?: string;
  /** Required with `asset_url`. */
  asset_file_type?: "aif" | "gif" | "jpg" | "m4a" | "mp3" | "mp4" | "png" | "wav" | Template;
  /** A newer push with the same id replaces an older one. At most 64 bytes. */
  collapse_id?: string;
  /** Whether the app may change it. */
  mutable_content?: boolean | Template;
  /** Another spelling of `mutable_content`. */
  "mutable-content"?: boolean | Template;
  /** Whether only the device that was used last gets it. */
  send_to_most_recent_device_only?: boolean | Template;
  /** The category that has the buttons. */
  category?: string;
  /** What the buttons of the category do. */
  buttons?: readonly ({
    /** Id of the action in the category. */
    action_id: string;
    /** What it does. */
    action?: "OPEN_APP" | "URI" | "DEEP_LINK" | "CLOSE" | Template;
    /** A URI. */
    uri?: string;
    /** Whether the link opens within the app. */
    use_webview?: boolean | Template;
  })[];
  /** How urgent it is for APNs. */
  apns_priority?: number | Template;
};

/** A push to Kindle devices. */
export type KindlePush = {
  /** The text. */
  alert: string;
  /** The title. */
  title: string;
  /** Data for the app. */
  extra?: {
    [name: string]: unknown;
  };
  /** The variation of the campaign under whose id it is counted. */
  message_variation_id?: string;
  /** How prominently it is shown, from -2 to 2. */
  priority?: number | Template;
  /** A newer push with the same key replaces an older one that waits. */
  collapse_key?: string;
  /** Name of a sound. */
  sound?: string;
  /** A URI. */
  custom_uri?: string;
};

/** A push to browsers. */
export type WebPush = {
  /** The text. */
  alert: string;
  /** The title. */
  title: string;
  /** Data for the app. */
  extra?: {
    [name: string]: unknown;
  };
  /** The variation of the campaign under whose id it is counted. */
  message_variation_id?: string;
  /** An http or https URL. */
  custom_uri?: string;
  /** An http or https URL. */
  image_url?: string;
  /** An http or https URL. */
  large_image_url?: string;
  /** Whether it stays until it is clicked. */
  require_interaction?: boolean | Template;
  /** For how many seconds it is worth delivering. */
  time_to_live?: number | Template;
  /** Whether only the device that was used last gets it. */
  send_to_most_recent_device_only?: boolean | Template;
  /** Buttons. */
  buttons?: readonly ({
    /** What the button says. */
    text: string;
    /** What it does. Default: `OPEN_APP`. */
    action?: "OPEN_APP" | "URI" | "CLOSE" | Template;
    /** An http or https URL. */
    uri?: string;
    /** Whether the link opens within the app. */
    use_webview?: boolean | Template;
  })[];
};

/** A mail. */
export type Email = {
  /** Id of an app of this workspace. */
  app_id: string;
  /** The subject, in one line. */
  subject?: string;
  /** The sender. Default: that of the workspace. */
  from?: string;
  /** An address, or `NO_REPLY_TO`. */
  reply_to?: string;
  /** The HTML. Required unless `email_template_id` is given. */
  body?: string;
  /** The text. Default: made of the HTML. */
  plaintext_body?: string;
  /** What a mail program shows beside the subject. */
  preheader?: string;
  /** Id of a stored template, whose texts count where this object has none. */
  email_template_id?: string;
  /** The variation of the campaign under whose id it is counted. */
  message_variation_id?: string;
  /** Data for the mail service, at most 1024 bytes. */
  extras?: {
    [name: string]: unknown;
  };
  /** More headers of the mail. */
  headers?: {
    [name: string]: string;
  };
  /** Whether the rules of style sheets become attributes. */
  should_inline_css?: boolean | Template;
  /** Who gets a copy: one of the addresses of `email.bcc` in the workspace file. No template. */
  bcc?: string;
  /** Files of mails, of 10 MiB together. */
  attachments?: readonly ({
    /** Name of the file. */
    file_name: string;
    /** An http or https URL. */
    url: string;
    /** Name of a credential of the workspace. */
    basic_auth_credential?: string;
  })[];
};

/** An SMS. */
export type Sms = {
  /** Only members of this group get it. */
  subscription_group_id: string;
  /** The text, of at most 1600 characters. */
  body: string;
  /** Id of an app of this workspace. */
  app_id: string;
  /** The variation of the campaign under whose id it is counted. */
  message_variation_id?: string;
  /** A URL, `{"url": …}`, or a list of them. */
  media_items?: readonly (string | {
    /** An http or https URL. */
    url: string;
  })[] | string | {
    /** An http or https URL. */
    url: string;
  };
  /** Not done by this server. */
  link_shortening_enabled?: boolean | Template;
  /** Not done by this server. */
  user_click_tracking_enabled?: boolean | Template;
};

/** A call of a URL. */
export type Webhook = {
  /** An http or https URL. */
  url: string;
  /** In any letter case. */
  request_method: "POST" | "PUT" | "DELETE" | "GET" | Template;
  /** Headers. */
  request_headers?: {
    [name: string]: string;
  };
  /** A text, or JSON whose texts may be templates. */
  body?: string | {
    [name: string]: unknown;
  } | readonly (unknown)[];
  /** The variation of the campaign under whose id it is counted. */
  message_variation_id?: string;
};

/** A card in the app. */
export type ContentCard = {
  /** The form of the card. */
  type: "CLASSIC" | "CAPTIONED_IMAGE" | "BANNER" | Template;
  /** Required unless it is a banner. */
  title?: string;
  /** Required unless it is a banner. */
  description?: string;
  /** The variation of the campaign under whose id it is counted. */
  message_variation_id?: string;
  /** Whether it stays at the top. */
  pinned?: boolean | Template;
  /** An http or https URL. */
  image_url?: string;
  /** For how many seconds it is shown. Required without `expire_at`. */
  time_to_live?: number | Template;
  /** Until when it is shown, at most 30 days ahead. */
  expire_at?: string;
  /** Whether `expire_at` is by each person’s clock. */
  expire_in_local_time?: boolean | Template;
  /** A URI. */
  ios_uri?: string;
  /** A URI. */
  android_uri?: string;
  /** An http or https URL. */
  web_uri?: string;
  /** Whether the link opens within the app. */
  ios_use_webview?: boolean | Template;
  /** Whether the link opens within the app. */
  android_use_webview?: boolean | Template;
  /** What the link says. */
  uri_text?: string;
  /** Data for the app. */
  extra?: {
    [name: string]: unknown;
  };
};

/** A WhatsApp message. */
export type WhatsApp = {
  /** Id of an app of this workspace. */
  app_id: string;
  /** Only members of this group get it. */
  subscription_group_id: string;
  /** The variation of the campaign under whose id it is counted. */
  message_variation_id?: string;
  /** Which form `message` has. */
  message_type: "template_message" | "text_response_message" | "text_image_response_message" | "quick_reply_response_message" | "list_response_message" | "flow_response_message" | "carousel_response_message" | Template;
  /** The message, by `message_type`. */
  message: {
    /** Lower-case letters, digits and `_`. */
    template_name: string;
    template_language_code: string;
    /** Values by position: a list, or an object with the keys `0`, `1` … */
    header_variables?: readonly (string)[] | {
      [name: string]: string;
    };
    /** An http or https URL. */
    header_media_uri?: string;
    /** The older name of `header_media_uri`. */
    header_image_uri?: string;
    /** Values by position: a list, or an object with the keys `0`, `1` … */
    body_variables?: readonly (string)[] | {
      [name: string]: string;
    };
    /** The value of one button’s variable, by the button’s index. */
    button_variables?: {
      [name: string]: string;
    } | readonly (string)[];
    /** The cards of a carousel template. */
    carousel_cards?: readonly ({
      /** An http or https URL. */
      header_media_uri: string;
      header_media_type: "image" | "video" | Template;
      /** Values by position: a list, or an object with the keys `0`, `1` … */
      body_variables?: readonly (string)[] | {
        [name: string]: string;
      };
      /** The value of one button’s variable, by the button’s index. */
      button_variables?: {
        [name: string]: string;
      } | readonly (string)[];
    })[];
  } | {
    body: string;
    /** Whether a link is shown with a preview. */
    preview_url?: boolean | Template;
  } | {
    /** An http or https URL. */
    image_uri: string;
    caption?: string;
  } | {
    body: string;
    header_text?: string;
    /** An http or https URL. */
    header_image_uri?: string;
    /** A small last line. */
    footer?: string;
    /** Buttons. */
    buttons: readonly ({
      text: string;
    })[];
  } | {
    header?: string;
    body: string;
    /** A small last line. */
    footer?: string;
    list: {
      list_button_text: string;
      /** Sections. */
      list_sections: readonly ({
        section_title: string;
        /** Rows. */
        list_rows: readonly ({
          row_title: string;
          row_description?: string;
        })[];
      })[];
    };
  } | {
    header_text?: string;
    body: string;
    /** A small last line. */
    footer?: string;
    flow_button: {
      caption: string;
      flow_id: string;
    };
    generate_custom_attribute?: boolean | Template;
  } | {
    body: string;
    carousel_button_type: "quick_reply" | "url" | Template;
    /** Two or more cards. */
    cards: readonly ({
      /** An http or https URL. */
      media_uri: string;
      media_type: "image" | "video" | Template;
      body_text?: string;
      /** Of quick replies. */
      buttons?: readonly (string)[];
      /** Of links. */
      cta_url_button?: {
        display_text: string;
        /** An http or https URL. */
        url: string;
      };
    })[];
  };
};

/** One message for each channel. Members that are no channels are skipped, and `errors` says so. */
export type Messages = {
  android_push?: AndroidPush;
  apple_push?: ApplePush;
  content_card?: ContentCard;
  email?: Email;
  kindle_push?: KindlePush;
  sms?: Sms;
  web_push?: WebPush;
  webhook?: Webhook;
  whats_app?: WhatsApp;
};

/** A connected audience: exactly one member, which is a filter or a group. At most 200 filters, 10 levels and 256 KiB. */
export type Audience = {
  /** All of these hold. */
  AND?: readonly (Audience)[];
  /** One of these holds. */
  OR?: readonly (Audience)[];
  /** A custom attribute. */
  custom_attribute?: {
    /** The name, of which a dot is a part. */
    custom_attribute_name: string;
    comparison: "equals" | "not_equal" | "does_not_equal" | "is_any_of" | "is_none_of" | "matches_regex" | "does_not_match_regex" | "exists" | "does_not_exist" | "greater_than" | "greater_than_or_equal_to" | "less_than" | "less_than_or_equal_to" | "includes_value" | "does_not_include_value" | "less_than_x_days_ago" | "greater_than_x_days_ago" | "less_than_x_days_in_the_future" | "greater_than_x_days_in_the_future" | "after" | "before";
    /** What each comparison takes; none with `exists` and `does_not_exist`. */
    value?: string | number | boolean | readonly (string)[];
  };
  /** The state of push messages. */
  push_subscription_status?: {
    comparison: "is" | "is_not";
    value: "opted_in" | "subscribed" | "unsubscribed";
  };
  /** The state of mails. */
  email_subscription_status?: {
    comparison: "is" | "is_not";
    value: "opted_in" | "subscribed" | "unsubscribed";
  };
  /** When the person last used an app. */
  last_used_app?: {
    comparison: "after" | "before";
    value: string;
  };
};

/** Every operation, by its name. */
export interface Operations {
  /** Send messages to named people, a segment or an audience */
  "POST /messages/send": {
    input: {
      body: {
        /** Whom to send to. An element that is no text is left out. */
        external_user_ids?: readonly (string)[];
        /** Whom to send to. An element that is wrong is left out. */
        user_aliases?: readonly ({
          /** Of at most 236 bytes. */
          alias_name?: string;
          /** Of at most 236 bytes. */
          alias_label?: string;
        })[];
        /** Whom to send to, or who of the named people gets it. */
        segment_id?: string;
        audience?: Audience;
        /** Whether to send to everybody who is described. Required without names. */
        broadcast?: boolean;
        /** The campaign under which it is counted. */
        campaign_id?: string;
        /** The send id under which it is counted; `campaign_id` is needed, too. */
        send_id?: string;
        /** Whether frequency caps do not count. */
        override_frequency_capping?: boolean;
        /** Another name of `override_frequency_capping`. */
        override_messaging_limits?: boolean;
        /** Which subscription state a person must have. */
        recipient_subscription_state?: "opted_in" | "subscribed" | "all";
        messages?: Messages;
        /** What only Cresset has. Other members are refused. */
        cresset?: {
          /** Whether to say who would get what, and to send nothing. */
          dry_run?: boolean;
          /** What happens when a crash leaves open whether a message went out. */
          delivery?: "at_least_once" | "at_most_once";
          /** Hours in which nobody gets the message. A list of windows is read, too. */
          quiet_hours?: {
            /** Time of day in the zone of each person. */
            from: string;
            /** Not within the window itself. */
            until: string;
            /** What becomes of a message within the window. Usual: `hold`. */
            action?: "hold" | "drop";
            /** Usual: all. */
            channels?: readonly ("push" | "email" | "sms" | "webhook" | "whats_app" | "content_cards")[];
          };
          /** How fast the messages go out. */
          pace?: {
            /** Messages of each channel that are begun in a minute. */
            per_minute: number;
            /** How it begins. */
            ramp?: {
              from: number;
              minutes: number;
            };
          };
          /** Sends to a part of the audience first; the rest goes out only if that went well. Needs a broadcast. */
          canary?: {
            /** How much of the audience gets it first. */
            percent?: number;
            most_bounced_percent?: number;
            most_failed_percent?: number;
            most_complained_percent?: number;
            /** For how long they are watched. */
            watch_minutes?: number;
          };
          /** Most people that a broadcast may be for. More are refused. */
          at_most?: number;
        };
      };
    };
    idempotencyKey: true;
    answer: {
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      /** The send id. */
      send_id?: string;
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      dry_run: boolean;
      counts: {
        /** Everybody who is meant. */
        targeted: number;
        looked_at: number;
        unknown_user: number;
        duplicate: number;
        not_in_segment: number;
        not_in_audience: number;
      };
      /** Counts by channel. */
      channels: {
        [name: string]: {
          /** People who were looked at. */
          recipients: number;
          /** Calls of providers. */
          attempts: number;
          /** Calls that ended without the message accepted. Those of refused settings, and of a relay that does not answer, count in no number. */
          attempts_failed: number;
          /** Calls that have not ended. */
          attempts_in_flight: number;
          [name: string]: unknown;
        };
      };
      recipients: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id?: string | null;
        user_aliases?: readonly ({
          alias_name: string;
          alias_label: string;
        })[];
        email?: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person would get. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** `would_be_sent`, `would_be_held`, or the status that the send would have. */
        status: string;
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        detail?: string | null;
        /** When the schedule makes the message due, by local or optimal time each person’s own. Absent: at once, or never. */
        due_at?: string;
        /** Of `would_be_held`. */
        held_until?: string | null;
        /** Of a list: the line that is refused. */
        line?: number;
      })[];
      /** At most ten. */
      samples: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        address: unknown | null;
        /** The message as it would be sent. */
        message: unknown;
      })[];
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Show messages as people would get them */
  "POST /messages/preview": {
    input: {
      body: {
        /** Whom to send to. An element that is no text is left out. */
        external_user_ids?: readonly (string)[];
        /** Whom to send to. An element that is wrong is left out. */
        user_aliases?: readonly ({
          /** Of at most 236 bytes. */
          alias_name?: string;
          /** Of at most 236 bytes. */
          alias_label?: string;
        })[];
        /** Whom to send to, or who of the named people gets it. */
        segment_id?: string;
        audience?: Audience;
        /** Whether to send to everybody who is described. Required without names. */
        broadcast?: boolean;
        /** The campaign under which it is counted. */
        campaign_id?: string;
        /** Which subscription state a person must have. */
        recipient_subscription_state?: "opted_in" | "subscribed" | "all";
        messages?: Messages;
        /** What only Cresset has. Other members are refused. */
        cresset?: {
          /** Whether to say who would get what, and to send nothing. */
          dry_run?: boolean;
          /** What happens when a crash leaves open whether a message went out. */
          delivery?: "at_least_once" | "at_most_once";
          /** Hours in which nobody gets the message. A list of windows is read, too. */
          quiet_hours?: {
            /** Time of day in the zone of each person. */
            from: string;
            /** Not within the window itself. */
            until: string;
            /** What becomes of a message within the window. Usual: `hold`. */
            action?: "hold" | "drop";
            /** Usual: all. */
            channels?: readonly ("push" | "email" | "sms" | "webhook" | "whats_app" | "content_cards")[];
          };
          /** How fast the messages go out. */
          pace?: {
            /** Messages of each channel that are begun in a minute. */
            per_minute: number;
            /** How it begins. */
            ramp?: {
              from: number;
              minutes: number;
            };
          };
          /** Sends to a part of the audience first; the rest goes out only if that went well. Needs a broadcast. */
          canary?: {
            /** How much of the audience gets it first. */
            percent?: number;
            most_bounced_percent?: number;
            most_failed_percent?: number;
            most_complained_percent?: number;
            /** For how long they are watched. */
            watch_minutes?: number;
          };
        };
        /** A person who is not stored, with attributes as in `/users/track`; or a list of up to 20. */
        attributes?: {
          [name: string]: unknown;
        } | readonly ({
          [name: string]: unknown;
        })[];
        /** What `{{api_trigger_properties.${…}}}` reads. */
        trigger_properties?: {
          [name: string]: unknown;
        };
        /** How many people of a segment or an audience are taken. Default: 3. */
        sample_size?: number;
        /** Whether the links in the messages are called, at most 20. */
        check_links?: boolean;
      };
    };
    answer: {
      /** People who are meant, without those in `attributes`. */
      targeted: number;
      /** Named people who are unknown or outside of the audience, as in a dry run. */
      refused: readonly (unknown)[];
      /** One for each person and channel. */
      previews: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        /** The place in `attributes`. null: a stored person. */
        attributes_index: number | null;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        /** The variation of the campaign that the message is of. */
        variation: {
          id: string;
          name: string;
          /** In the control group: the person gets nothing. */
          in_control: boolean;
        } | null;
        /** `would_be_sent`, `would_be_held`, or why the person gets nothing. */
        status: string;
        /** The reason of that verdict. */
        reason: string | null;
        /** More about the reason. */
        detail: string | null;
        /** Of `would_be_held`. */
        held_until?: string | null;
        /** Where it goes to. */
        address: string | null;
        /** The rendered message, also for people who would not get it. */
        message: {
          [name: string]: unknown;
        } | null;
        /** Why there is no message. */
        problem: {
          reason: string;
          detail: string | null;
        } | null;
        /** What templates read and the person does not have. */
        missing: readonly ({
          name: string;
          /** The texts that read it. */
          paths: readonly (string)[];
        })[];
        size: {
          bytes: number;
          /** null: no limit is known. */
          most_bytes: number | null;
        } | null;
        /** Of texts for phones. */
        segments: {
          /** `GSM-7` or `UCS-2`. */
          encoding: string;
          count: number;
        } | null;
        warnings: readonly (string)[];
        /** What `message_extras` attaches to the send. */
        extras: {
          [name: string]: string;
        };
        /** Calls of connected content. */
        calls: readonly ({
          method: string;
          /** Without its query. */
          url: string;
          /** 598: not made, 599: not answered. null: it may not be called. */
          status: number | null;
          /** null: there is a good answer. */
          failure: string | null;
          took_ms: number;
        })[];
        campaign: {
          id: string;
          name: string;
        } | null;
      })[];
      links?: readonly ({
        url: string;
        /** The answer. null: it may not be called from here. */
        status: number | null;
        /** Why it cannot be reached. null: it can. */
        failure: string | null;
      })[];
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Send the messages of an API-triggered campaign */
  "POST /campaigns/trigger/send": {
    input: {
      body: {
        /** Id of the campaign. */
        campaign_id: string;
        /** The send id under which it is counted; `campaign_id` is needed, too. */
        send_id?: string;
        /** Read by templates as `{{api_trigger_properties.${…}}}`. */
        trigger_properties?: {
          [name: string]: unknown;
        };
        /** Whether to send to the segment of the campaign. Required without recipients. */
        broadcast?: boolean;
        audience?: Audience;
        /** Whom to send to. */
        recipients?: readonly ({
          /** The person with this external id. */
          external_user_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The person who has this address. Ignored beside another name. */
          email?: string;
          /** How people who share the address are narrowed down to one, in this order. */
          prioritization?: readonly ("identified" | "unidentified" | "most_recently_updated" | "least_recently_updated")[];
          /** Read by templates as `{{api_trigger_properties.${…}}}`. */
          trigger_properties?: {
            [name: string]: unknown;
          };
          /** Attributes to store before the send, as in `/users/track`. */
          attributes?: {
            [name: string]: unknown;
          };
          /** Default: true. False makes a person who does not exist of `attributes`. */
          send_to_existing_only?: boolean;
        })[];
        /** Files of mails, of 10 MiB together. */
        attachments?: readonly ({
          /** Name of the file. */
          file_name: string;
          /** An http or https URL. */
          url: string;
          /** Name of a credential of the workspace. */
          basic_auth_credential?: string;
        })[];
        /** What only Cresset has. Other members are refused. */
        cresset?: {
          /** Whether to say who would get what, and to send nothing. */
          dry_run?: boolean;
          /** What happens when a crash leaves open whether a message went out. */
          delivery?: "at_least_once" | "at_most_once";
          /** Hours in which nobody gets the message. A list of windows is read, too. */
          quiet_hours?: {
            /** Time of day in the zone of each person. */
            from: string;
            /** Not within the window itself. */
            until: string;
            /** What becomes of a message within the window. Usual: `hold`. */
            action?: "hold" | "drop";
            /** Usual: all. */
            channels?: readonly ("push" | "email" | "sms" | "webhook" | "whats_app" | "content_cards")[];
          };
          /** How fast the messages go out. */
          pace?: {
            /** Messages of each channel that are begun in a minute. */
            per_minute: number;
            /** How it begins. */
            ramp?: {
              from: number;
              minutes: number;
            };
          };
          /** Sends to a part of the audience first; the rest goes out only if that went well. Needs a broadcast. */
          canary?: {
            /** How much of the audience gets it first. */
            percent?: number;
            most_bounced_percent?: number;
            most_failed_percent?: number;
            most_complained_percent?: number;
            /** For how long they are watched. */
            watch_minutes?: number;
          };
        };
      };
    };
    idempotencyKey: true;
    answer: {
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      /** The send id. */
      send_id?: string;
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      dry_run: boolean;
      counts: {
        /** Everybody who is meant. */
        targeted: number;
        looked_at: number;
        unknown_user: number;
        duplicate: number;
        not_in_segment: number;
        not_in_audience: number;
      };
      /** Counts by channel. */
      channels: {
        [name: string]: {
          /** People who were looked at. */
          recipients: number;
          /** Calls of providers. */
          attempts: number;
          /** Calls that ended without the message accepted. Those of refused settings, and of a relay that does not answer, count in no number. */
          attempts_failed: number;
          /** Calls that have not ended. */
          attempts_in_flight: number;
          [name: string]: unknown;
        };
      };
      recipients: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id?: string | null;
        user_aliases?: readonly ({
          alias_name: string;
          alias_label: string;
        })[];
        email?: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person would get. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** `would_be_sent`, `would_be_held`, or the status that the send would have. */
        status: string;
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        detail?: string | null;
        /** When the schedule makes the message due, by local or optimal time each person’s own. Absent: at once, or never. */
        due_at?: string;
        /** Of `would_be_held`. */
        held_until?: string | null;
        /** Of a list: the line that is refused. */
        line?: number;
      })[];
      /** At most ten. */
      samples: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        address: unknown | null;
        /** The message as it would be sent. */
        message: unknown;
      })[];
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Send the messages of an API-triggered campaign by the name of a Canvas */
  "POST /canvas/trigger/send": {
    input: {
      body: {
        /** Id of the campaign. */
        canvas_id: string;
        /** Read by templates as `{{api_trigger_properties.${…}}}`. */
        trigger_properties?: {
          [name: string]: unknown;
        };
        /** Read by templates as `{{canvas_entry_properties.${…}}}`. */
        canvas_entry_properties?: {
          [name: string]: unknown;
        };
        /** Read by templates as `{{canvas_entry_properties.${…}}}`. */
        context?: {
          [name: string]: unknown;
        };
        /** Whether to send to the segment of the campaign. Required without recipients. */
        broadcast?: boolean;
        audience?: Audience;
        /** Whom to send to. */
        recipients?: readonly ({
          /** The person with this external id. */
          external_user_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The person who has this address. Ignored beside another name. */
          email?: string;
          /** How people who share the address are narrowed down to one, in this order. */
          prioritization?: readonly ("identified" | "unidentified" | "most_recently_updated" | "least_recently_updated")[];
          /** Read by templates as `{{api_trigger_properties.${…}}}`. */
          trigger_properties?: {
            [name: string]: unknown;
          };
          /** Read by templates as `{{canvas_entry_properties.${…}}}`. */
          canvas_entry_properties?: {
            [name: string]: unknown;
          };
          /** Read by templates as `{{canvas_entry_properties.${…}}}`. */
          context?: {
            [name: string]: unknown;
          };
          /** Attributes to store before the send, as in `/users/track`. */
          attributes?: {
            [name: string]: unknown;
          };
          /** Default: true. False makes a person who does not exist of `attributes`. */
          send_to_existing_only?: boolean;
        })[];
        /** What only Cresset has. Other members are refused. */
        cresset?: {
          /** Whether to say who would get what, and to send nothing. */
          dry_run?: boolean;
          /** What happens when a crash leaves open whether a message went out. */
          delivery?: "at_least_once" | "at_most_once";
          /** Hours in which nobody gets the message. A list of windows is read, too. */
          quiet_hours?: {
            /** Time of day in the zone of each person. */
            from: string;
            /** Not within the window itself. */
            until: string;
            /** What becomes of a message within the window. Usual: `hold`. */
            action?: "hold" | "drop";
            /** Usual: all. */
            channels?: readonly ("push" | "email" | "sms" | "webhook" | "whats_app" | "content_cards")[];
          };
          /** How fast the messages go out. */
          pace?: {
            /** Messages of each channel that are begun in a minute. */
            per_minute: number;
            /** How it begins. */
            ramp?: {
              from: number;
              minutes: number;
            };
          };
          /** Sends to a part of the audience first; the rest goes out only if that went well. Needs a broadcast. */
          canary?: {
            /** How much of the audience gets it first. */
            percent?: number;
            most_bounced_percent?: number;
            most_failed_percent?: number;
            most_complained_percent?: number;
            /** For how long they are watched. */
            watch_minutes?: number;
          };
        };
      };
    };
    idempotencyKey: true;
    answer: {
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      /** The send id. */
      send_id?: string;
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      dry_run: boolean;
      counts: {
        /** Everybody who is meant. */
        targeted: number;
        looked_at: number;
        unknown_user: number;
        duplicate: number;
        not_in_segment: number;
        not_in_audience: number;
      };
      /** Counts by channel. */
      channels: {
        [name: string]: {
          /** People who were looked at. */
          recipients: number;
          /** Calls of providers. */
          attempts: number;
          /** Calls that ended without the message accepted. Those of refused settings, and of a relay that does not answer, count in no number. */
          attempts_failed: number;
          /** Calls that have not ended. */
          attempts_in_flight: number;
          [name: string]: unknown;
        };
      };
      recipients: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id?: string | null;
        user_aliases?: readonly ({
          alias_name: string;
          alias_label: string;
        })[];
        email?: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person would get. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** `would_be_sent`, `would_be_held`, or the status that the send would have. */
        status: string;
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        detail?: string | null;
        /** When the schedule makes the message due, by local or optimal time each person’s own. Absent: at once, or never. */
        due_at?: string;
        /** Of `would_be_held`. */
        held_until?: string | null;
        /** Of a list: the line that is refused. */
        line?: number;
      })[];
      /** At most ten. */
      samples: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        address: unknown | null;
        /** The message as it would be sent. */
        message: unknown;
      })[];
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      notice: string;
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      /** `success`. */
      message: string;
    };
  };
  /** Send a transactional mail to one person */
  "POST /transactional/v1/campaigns/{campaign_id}/send": {
    input: {
      path: {
        /** Id of the campaign. */
        campaign_id: string;
      };
      body: {
        /** Stands for this request for 24 hours. */
        external_send_id?: string;
        /** Read by templates as `{{api_trigger_properties.${…}}}`. */
        trigger_properties?: {
          [name: string]: unknown;
        };
        /** A person, by exactly one name. */
        recipient: {
          /** The person with this external id. */
          external_user_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** Read by templates as `{{api_trigger_properties.${…}}}`. */
          trigger_properties?: {
            [name: string]: unknown;
          };
          /** Attributes to store before the send, as in `/users/track`. */
          attributes?: {
            [name: string]: unknown;
          };
        };
        /** What only Cresset has. Other members are refused. */
        cresset?: {
          /** Whether to say who would get what, and to send nothing. */
          dry_run?: boolean;
          /** What happens when a crash leaves open whether a message went out. */
          delivery?: "at_least_once" | "at_most_once";
          /** Hours in which nobody gets the message. A list of windows is read, too. */
          quiet_hours?: {
            /** Time of day in the zone of each person. */
            from: string;
            /** Not within the window itself. */
            until: string;
            /** What becomes of a message within the window. Usual: `hold`. */
            action?: "hold" | "drop";
            /** Usual: all. */
            channels?: readonly ("push" | "email" | "sms" | "webhook" | "whats_app" | "content_cards")[];
          };
          /** How fast the messages go out. */
          pace?: {
            /** Messages of each channel that are begun in a minute. */
            per_minute: number;
            /** How it begins. */
            ramp?: {
              from: number;
              minutes: number;
            };
          };
          /** Sends to a part of the audience first; the rest goes out only if that went well. Needs a broadcast. */
          canary?: {
            /** How much of the audience gets it first. */
            percent?: number;
            most_bounced_percent?: number;
            most_failed_percent?: number;
            most_complained_percent?: number;
            /** For how long they are watched. */
            watch_minutes?: number;
          };
        };
      };
    };
    answer: {
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      /** Always `sent`, the original’s word for accepted. */
      status: string;
      metadata: {
        external_send_id?: string;
        campaign_api_id: string;
        received_at: string;
        enqueued_at: string;
      };
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      dry_run: boolean;
      counts: {
        /** Everybody who is meant. */
        targeted: number;
        looked_at: number;
        unknown_user: number;
        duplicate: number;
        not_in_segment: number;
        not_in_audience: number;
      };
      /** Counts by channel. */
      channels: {
        [name: string]: {
          /** People who were looked at. */
          recipients: number;
          /** Calls of providers. */
          attempts: number;
          /** Calls that ended without the message accepted. Those of refused settings, and of a relay that does not answer, count in no number. */
          attempts_failed: number;
          /** Calls that have not ended. */
          attempts_in_flight: number;
          [name: string]: unknown;
        };
      };
      recipients: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id?: string | null;
        user_aliases?: readonly ({
          alias_name: string;
          alias_label: string;
        })[];
        email?: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person would get. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** `would_be_sent`, `would_be_held`, or the status that the send would have. */
        status: string;
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        detail?: string | null;
        /** When the schedule makes the message due, by local or optimal time each person’s own. Absent: at once, or never. */
        due_at?: string;
        /** Of `would_be_held`. */
        held_until?: string | null;
        /** Of a list: the line that is refused. */
        line?: number;
      })[];
      /** At most ten. */
      samples: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        address: unknown | null;
        /** The message as it would be sent. */
        message: unknown;
      })[];
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Send messages later */
  "POST /messages/schedule/create": {
    input: {
      body: {
        /** Whom to send to. An element that is no text is left out. */
        external_user_ids?: readonly (string)[];
        /** Whom to send to. An element that is wrong is left out. */
        user_aliases?: readonly ({
          /** Of at most 236 bytes. */
          alias_name?: string;
          /** Of at most 236 bytes. */
          alias_label?: string;
        })[];
        /** Whom to send to, or who of the named people gets it. */
        segment_id?: string;
        audience?: Audience;
        /** Whether to send to everybody who is described. Required without names. */
        broadcast?: boolean;
        /** The campaign under which it is counted. */
        campaign_id?: string;
        /** The send id under which it is counted; `campaign_id` is needed, too. */
        send_id?: string;
        /** Whether frequency caps do not count. */
        override_frequency_capping?: boolean;
        /** Another name of `override_frequency_capping`. */
        override_messaging_limits?: boolean;
        /** Which subscription state a person must have. */
        recipient_subscription_state?: "opted_in" | "subscribed" | "all";
        messages?: Messages;
        /** What only Cresset has. Other members are refused. */
        cresset?: {
          /** Whether to say who would get what, and to send nothing. */
          dry_run?: boolean;
          /** What happens when a crash leaves open whether a message went out. */
          delivery?: "at_least_once" | "at_most_once";
          /** Hours in which nobody gets the message. A list of windows is read, too. */
          quiet_hours?: {
            /** Time of day in the zone of each person. */
            from: string;
            /** Not within the window itself. */
            until: string;
            /** What becomes of a message within the window. Usual: `hold`. */
            action?: "hold" | "drop";
            /** Usual: all. */
            channels?: readonly ("push" | "email" | "sms" | "webhook" | "whats_app" | "content_cards")[];
          };
          /** How fast the messages go out. */
          pace?: {
            /** Messages of each channel that are begun in a minute. */
            per_minute: number;
            /** How it begins. */
            ramp?: {
              from: number;
              minutes: number;
            };
          };
          /** Sends to a part of the audience first; the rest goes out only if that went well. Needs a broadcast. */
          canary?: {
            /** How much of the audience gets it first. */
            percent?: number;
            most_bounced_percent?: number;
            most_failed_percent?: number;
            most_complained_percent?: number;
            /** For how long they are watched. */
            watch_minutes?: number;
          };
        };
        /** When to send. */
        schedule: {
          /** When to send. A local time needs no zone. */
          time: string;
          /** Whether it is by each person’s clock. */
          in_local_time?: boolean;
          /** Whether to send on that day at each person’s most active hour. */
          at_optimal_time?: boolean;
        };
      };
    };
    answer: {
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      /** Id of the schedule. */
      schedule_id: string;
      send_id?: string;
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      dry_run: boolean;
      counts: {
        /** Everybody who is meant. */
        targeted: number;
        looked_at: number;
        unknown_user: number;
        duplicate: number;
        not_in_segment: number;
        not_in_audience: number;
      };
      /** Counts by channel. */
      channels: {
        [name: string]: {
          /** People who were looked at. */
          recipients: number;
          /** Calls of providers. */
          attempts: number;
          /** Calls that ended without the message accepted. Those of refused settings, and of a relay that does not answer, count in no number. */
          attempts_failed: number;
          /** Calls that have not ended. */
          attempts_in_flight: number;
          [name: string]: unknown;
        };
      };
      recipients: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id?: string | null;
        user_aliases?: readonly ({
          alias_name: string;
          alias_label: string;
        })[];
        email?: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person would get. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** `would_be_sent`, `would_be_held`, or the status that the send would have. */
        status: string;
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        detail?: string | null;
        /** When the schedule makes the message due, by local or optimal time each person’s own. Absent: at once, or never. */
        due_at?: string;
        /** Of `would_be_held`. */
        held_until?: string | null;
        /** Of a list: the line that is refused. */
        line?: number;
      })[];
      /** At most ten. */
      samples: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        address: unknown | null;
        /** The message as it would be sent. */
        message: unknown;
      })[];
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Change when or what a schedule sends */
  "POST /messages/schedule/update": {
    input: {
      body: {
        /** Id of the schedule. */
        schedule_id: string;
        /** When to send. */
        schedule?: {
          /** When to send. A local time needs no zone. */
          time: string;
          /** Whether it is by each person’s clock. */
          in_local_time?: boolean;
          /** Whether to send on that day at each person’s most active hour. */
          at_optimal_time?: boolean;
        };
        messages?: Messages;
      };
    };
    answer: {
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Delete a schedule that has not been sent */
  "POST /messages/schedule/delete": {
    input: {
      body: {
        /** Id of the schedule. */
        schedule_id: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** List the broadcasts of campaigns that are to come */
  "GET /messages/scheduled_broadcasts": {
    input: {
      query: {
        /** Until when. */
        end_time: string;
      };
    };
    answer: {
      scheduled_broadcasts: readonly ({
        name: string;
        id: string;
        /** Always `Campaign`. */
        type: string;
        /** Tags. */
        tags: readonly (string)[];
        /** A local time has no zone. */
        next_send_time: string;
        /** The time zone, `local_time_zones`, or `intelligent_delivery`. */
        schedule_type: string;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Send the messages of an API-triggered campaign, later */
  "POST /campaigns/trigger/schedule/create": {
    input: {
      body: {
        /** Id of the campaign. */
        campaign_id: string;
        /** The send id under which it is counted; `campaign_id` is needed, too. */
        send_id?: string;
        /** Read by templates as `{{api_trigger_properties.${…}}}`. */
        trigger_properties?: {
          [name: string]: unknown;
        };
        /** Whether to send to the segment of the campaign. Required without recipients. */
        broadcast?: boolean;
        audience?: Audience;
        /** Whom to send to. */
        recipients?: readonly ({
          /** The person with this external id. */
          external_user_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The person who has this address. Ignored beside another name. */
          email?: string;
          /** How people who share the address are narrowed down to one, in this order. */
          prioritization?: readonly ("identified" | "unidentified" | "most_recently_updated" | "least_recently_updated")[];
          /** Read by templates as `{{api_trigger_properties.${…}}}`. */
          trigger_properties?: {
            [name: string]: unknown;
          };
          /** Attributes to store before the send, as in `/users/track`. */
          attributes?: {
            [name: string]: unknown;
          };
          /** Default: true. False makes a person who does not exist of `attributes`. */
          send_to_existing_only?: boolean;
        })[];
        /** Files of mails, of 10 MiB together. */
        attachments?: readonly ({
          /** Name of the file. */
          file_name: string;
          /** An http or https URL. */
          url: string;
          /** Name of a credential of the workspace. */
          basic_auth_credential?: string;
        })[];
        /** What only Cresset has. Other members are refused. */
        cresset?: {
          /** Whether to say who would get what, and to send nothing. */
          dry_run?: boolean;
          /** What happens when a crash leaves open whether a message went out. */
          delivery?: "at_least_once" | "at_most_once";
          /** Hours in which nobody gets the message. A list of windows is read, too. */
          quiet_hours?: {
            /** Time of day in the zone of each person. */
            from: string;
            /** Not within the window itself. */
            until: string;
            /** What becomes of a message within the window. Usual: `hold`. */
            action?: "hold" | "drop";
            /** Usual: all. */
            channels?: readonly ("push" | "email" | "sms" | "webhook" | "whats_app" | "content_cards")[];
          };
          /** How fast the messages go out. */
          pace?: {
            /** Messages of each channel that are begun in a minute. */
            per_minute: number;
            /** How it begins. */
            ramp?: {
              from: number;
              minutes: number;
            };
          };
          /** Sends to a part of the audience first; the rest goes out only if that went well. Needs a broadcast. */
          canary?: {
            /** How much of the audience gets it first. */
            percent?: number;
            most_bounced_percent?: number;
            most_failed_percent?: number;
            most_complained_percent?: number;
            /** For how long they are watched. */
            watch_minutes?: number;
          };
        };
        /** When to send. */
        schedule: {
          /** When to send. A local time needs no zone. */
          time: string;
          /** Whether it is by each person’s clock. */
          in_local_time?: boolean;
          /** Whether to send on that day at each person’s most active hour. */
          at_optimal_time?: boolean;
        };
      };
    };
    answer: {
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      schedule_id: string;
      send_id?: string;
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      dry_run: boolean;
      counts: {
        /** Everybody who is meant. */
        targeted: number;
        looked_at: number;
        unknown_user: number;
        duplicate: number;
        not_in_segment: number;
        not_in_audience: number;
      };
      /** Counts by channel. */
      channels: {
        [name: string]: {
          /** People who were looked at. */
          recipients: number;
          /** Calls of providers. */
          attempts: number;
          /** Calls that ended without the message accepted. Those of refused settings, and of a relay that does not answer, count in no number. */
          attempts_failed: number;
          /** Calls that have not ended. */
          attempts_in_flight: number;
          [name: string]: unknown;
        };
      };
      recipients: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id?: string | null;
        user_aliases?: readonly ({
          alias_name: string;
          alias_label: string;
        })[];
        email?: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person would get. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** `would_be_sent`, `would_be_held`, or the status that the send would have. */
        status: string;
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        detail?: string | null;
        /** When the schedule makes the message due, by local or optimal time each person’s own. Absent: at once, or never. */
        due_at?: string;
        /** Of `would_be_held`. */
        held_until?: string | null;
        /** Of a list: the line that is refused. */
        line?: number;
      })[];
      /** At most ten. */
      samples: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        address: unknown | null;
        /** The message as it would be sent. */
        message: unknown;
      })[];
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      notice: string;
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      schedule_id: string;
      /** `success`. */
      message: string;
    };
  };
  /** Change when a scheduled trigger is sent */
  "POST /campaigns/trigger/schedule/update": {
    input: {
      body: {
        /** Id of the campaign. */
        campaign_id: string;
        /** Id of the schedule. */
        schedule_id: string;
        /** When to send. */
        schedule: {
          /** When to send. A local time needs no zone. */
          time: string;
          /** Whether it is by each person’s clock. */
          in_local_time?: boolean;
          /** Whether to send on that day at each person’s most active hour. */
          at_optimal_time?: boolean;
        };
      };
    };
    answer: {
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Delete a scheduled trigger that has not been sent */
  "POST /campaigns/trigger/schedule/delete": {
    input: {
      body: {
        /** Id of the campaign. */
        campaign_id: string;
        /** Id of the schedule. */
        schedule_id: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Send the messages of an API-triggered campaign by the name of a Canvas, later */
  "POST /canvas/trigger/schedule/create": {
    input: {
      body: {
        /** Id of the campaign. */
        canvas_id: string;
        /** Read by templates as `{{api_trigger_properties.${…}}}`. */
        trigger_properties?: {
          [name: string]: unknown;
        };
        /** Read by templates as `{{canvas_entry_properties.${…}}}`. */
        canvas_entry_properties?: {
          [name: string]: unknown;
        };
        /** Read by templates as `{{canvas_entry_properties.${…}}}`. */
        context?: {
          [name: string]: unknown;
        };
        /** Whether to send to the segment of the campaign. Required without recipients. */
        broadcast?: boolean;
        audience?: Audience;
        /** Whom to send to. */
        recipients?: readonly ({
          /** The person with this external id. */
          external_user_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The person who has this address. Ignored beside another name. */
          email?: string;
          /** How people who share the address are narrowed down to one, in this order. */
          prioritization?: readonly ("identified" | "unidentified" | "most_recently_updated" | "least_recently_updated")[];
          /** Read by templates as `{{api_trigger_properties.${…}}}`. */
          trigger_properties?: {
            [name: string]: unknown;
          };
          /** Read by templates as `{{canvas_entry_properties.${…}}}`. */
          canvas_entry_properties?: {
            [name: string]: unknown;
          };
          /** Read by templates as `{{canvas_entry_properties.${…}}}`. */
          context?: {
            [name: string]: unknown;
          };
          /** Attributes to store before the send, as in `/users/track`. */
          attributes?: {
            [name: string]: unknown;
          };
          /** Default: true. False makes a person who does not exist of `attributes`. */
          send_to_existing_only?: boolean;
        })[];
        /** What only Cresset has. Other members are refused. */
        cresset?: {
          /** Whether to say who would get what, and to send nothing. */
          dry_run?: boolean;
          /** What happens when a crash leaves open whether a message went out. */
          delivery?: "at_least_once" | "at_most_once";
          /** Hours in which nobody gets the message. A list of windows is read, too. */
          quiet_hours?: {
            /** Time of day in the zone of each person. */
            from: string;
            /** Not within the window itself. */
            until: string;
            /** What becomes of a message within the window. Usual: `hold`. */
            action?: "hold" | "drop";
            /** Usual: all. */
            channels?: readonly ("push" | "email" | "sms" | "webhook" | "whats_app" | "content_cards")[];
          };
          /** How fast the messages go out. */
          pace?: {
            /** Messages of each channel that are begun in a minute. */
            per_minute: number;
            /** How it begins. */
            ramp?: {
              from: number;
              minutes: number;
            };
          };
          /** Sends to a part of the audience first; the rest goes out only if that went well. Needs a broadcast. */
          canary?: {
            /** How much of the audience gets it first. */
            percent?: number;
            most_bounced_percent?: number;
            most_failed_percent?: number;
            most_complained_percent?: number;
            /** For how long they are watched. */
            watch_minutes?: number;
          };
        };
        /** When to send. */
        schedule: {
          /** When to send. A local time needs no zone. */
          time: string;
          /** Whether it is by each person’s clock. */
          in_local_time?: boolean;
          /** Whether to send on that day at each person’s most active hour. */
          at_optimal_time?: boolean;
        };
      };
    };
    answer: {
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      schedule_id: string;
      send_id?: string;
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      dry_run: boolean;
      counts: {
        /** Everybody who is meant. */
        targeted: number;
        looked_at: number;
        unknown_user: number;
        duplicate: number;
        not_in_segment: number;
        not_in_audience: number;
      };
      /** Counts by channel. */
      channels: {
        [name: string]: {
          /** People who were looked at. */
          recipients: number;
          /** Calls of providers. */
          attempts: number;
          /** Calls that ended without the message accepted. Those of refused settings, and of a relay that does not answer, count in no number. */
          attempts_failed: number;
          /** Calls that have not ended. */
          attempts_in_flight: number;
          [name: string]: unknown;
        };
      };
      recipients: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id?: string | null;
        user_aliases?: readonly ({
          alias_name: string;
          alias_label: string;
        })[];
        email?: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person would get. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** `would_be_sent`, `would_be_held`, or the status that the send would have. */
        status: string;
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        detail?: string | null;
        /** When the schedule makes the message due, by local or optimal time each person’s own. Absent: at once, or never. */
        due_at?: string;
        /** Of `would_be_held`. */
        held_until?: string | null;
        /** Of a list: the line that is refused. */
        line?: number;
      })[];
      /** At most ten. */
      samples: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        address: unknown | null;
        /** The message as it would be sent. */
        message: unknown;
      })[];
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      notice: string;
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      schedule_id: string;
      /** `success`. */
      message: string;
    };
  };
  /** Change when a scheduled trigger is sent */
  "POST /canvas/trigger/schedule/update": {
    input: {
      body: {
        /** Id of the campaign. */
        canvas_id: string;
        /** Id of the schedule. */
        schedule_id: string;
        /** When to send. */
        schedule: {
          /** When to send. A local time needs no zone. */
          time: string;
          /** Whether it is by each person’s clock. */
          in_local_time?: boolean;
          /** Whether to send on that day at each person’s most active hour. */
          at_optimal_time?: boolean;
        };
      };
    };
    answer: {
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Delete a scheduled trigger that has not been sent */
  "POST /canvas/trigger/schedule/delete": {
    input: {
      body: {
        /** Id of the campaign. */
        canvas_id: string;
        /** Id of the schedule. */
        schedule_id: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Send messages to a list of up to a million people */
  "POST /dispatches": {
    input: {
      /** A JSON object on each line. */
      body: string | Uint8Array;
    };
    idempotencyKey: true;
    answer: {
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      /** The send id. */
      send_id?: string;
      /** Number of people in the list. */
      lines: number;
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    } | {
      dry_run: boolean;
      counts: {
        /** Everybody who is meant. */
        targeted: number;
        looked_at: number;
        unknown_user: number;
        duplicate: number;
        not_in_segment: number;
        not_in_audience: number;
      };
      /** Counts by channel. */
      channels: {
        [name: string]: {
          /** People who were looked at. */
          recipients: number;
          /** Calls of providers. */
          attempts: number;
          /** Calls that ended without the message accepted. Those of refused settings, and of a relay that does not answer, count in no number. */
          attempts_failed: number;
          /** Calls that have not ended. */
          attempts_in_flight: number;
          [name: string]: unknown;
        };
      };
      recipients: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id?: string | null;
        user_aliases?: readonly ({
          alias_name: string;
          alias_label: string;
        })[];
        email?: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person would get. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** `would_be_sent`, `would_be_held`, or the status that the send would have. */
        status: string;
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        detail?: string | null;
        /** When the schedule makes the message due, by local or optimal time each person’s own. Absent: at once, or never. */
        due_at?: string;
        /** Of `would_be_held`. */
        held_until?: string | null;
        /** Of a list: the line that is refused. */
        line?: number;
      })[];
      /** At most ten. */
      samples: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        address: unknown | null;
        /** The message as it would be sent. */
        message: unknown;
      })[];
      /** What was left out of a request that was accepted all the same. */
      errors?: readonly (string)[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** List dispatches, the newest first */
  "GET /dispatches": {
    input: {
      query?: {
        /** Only those of this campaign. */
        campaign_id?: string;
        /** Only those to this segment. */
        segment_id?: string;
        /** Only those in this state. */
        state?: "scheduled" | "accepted" | "sending" | "paused" | "finished" | "cancelled" | "failed";
        /** Accepted at this time or later. */
        since?: string;
        /** Accepted before this time. */
        until?: string;
        /** Only that of this `Idempotency-Key`. */
        idempotency_key?: string;
        /** Entries of a page. Default: 50. */
        limit?: number;
        /** `next_cursor` of the page before. Absent: the first page. */
        cursor?: string;
      };
    };
    answer: {
      dispatches: readonly ({
        /** Id of the dispatch: 32 hex digits. */
        dispatch_id: string;
        send_id?: string;
        campaign_id?: string;
        /** The name of the campaign. Absent: the workspace has it no more. */
        campaign_name?: string;
        segment_id?: string;
        /** The state of the dispatch. */
        state: "scheduled" | "accepted" | "sending" | "paused" | "finished" | "cancelled" | "failed";
        /** Only of a dispatch that was scheduled. */
        schedule?: {
          /** Id of the schedule. */
          schedule_id: string;
          /** When it goes out. A local time has no zone. */
          time: string;
          /** By each person’s clock. */
          in_local_time?: boolean;
          /** On that day, at each person’s most active hour. */
          at_optimal_time?: boolean;
        };
        accepted_at: string;
        /** When it was finished or cancelled. */
        finished_at: string | null;
        /** Why it failed, or what it waits for. */
        failure?: string;
        broadcast: boolean;
        channels: readonly (string)[];
        /** What all that is left of it waits for: quiet hours, another attempt, or the time of its next messages. */
        waits?: readonly ({
          /** null: all. */
          channel: string | null;
          /** One sentence. */
          why: string;
          /** When the next message may go, as far as it is known. */
          until: string | null;
        })[];
        counts: {
          /** Everybody who is meant. null: not counted yet. */
          targeted: number | null;
        };
      })[];
      /** `cursor` of the next page. Absent on the last page. */
      next_cursor?: string;
      /** `success`. */
      message: string;
    };
  };
  /** Read the state and the counts of a dispatch */
  "GET /dispatches/{dispatch_id}": {
    input: {
      path: {
        /** Id of the dispatch: 32 hex digits, or as a UUID. */
        dispatch_id: string;
      };
    };
    answer: {
      /** Id of the dispatch: 32 hex digits. */
      dispatch_id: string;
      send_id?: string;
      campaign_id?: string;
      /** The name of the campaign. Absent: the workspace has it no more. */
      campaign_name?: string;
      segment_id?: string;
      /** The state of the dispatch. */
      state: "scheduled" | "accepted" | "sending" | "paused" | "finished" | "cancelled" | "failed";
      /** Only of a dispatch that was scheduled. */
      schedule?: {
        /** Id of the schedule. */
        schedule_id: string;
        /** When it goes out. A local time has no zone. */
        time: string;
        /** By each person’s clock. */
        in_local_time?: boolean;
        /** On that day, at each person’s most active hour. */
        at_optimal_time?: boolean;
      };
      accepted_at: string;
      /** When it was finished or cancelled. */
      finished_at: string | null;
      /** Why it failed, or what it waits for. */
      failure?: string;
      /** When the last person of a broadcast was written down. */
      expanded_at?: string | null;
      /** When the sends were counted. Absent: just now. */
      counted_at?: string;
      counts: {
        targeted: number | null;
        recipients: number | null;
        unknown_user: number;
        duplicate: number;
        not_in_segment: number;
        not_in_audience: number;
      };
      /** Counts by channel. */
      channels: {
        [name: string]: {
          /** People who were looked at. */
          recipients: number;
          /** Calls of providers. */
          attempts: number;
          /** Calls that ended without the message accepted. Those of refused settings, and of a relay that does not answer, count in no number. */
          attempts_failed: number;
          /** Calls that have not ended. */
          attempts_in_flight: number;
          [name: string]: unknown;
        };
      };
      /** What quiet hours hold. Absent: nothing. */
      held?: {
        /** How many. */
        messages: number;
        /** When the first of them may go. */
        first_until: string | null;
        /** When the last of them may go. */
        last_until: string | null;
      };
      /** What became of the first part, by channel. Absent: no first part was begun. */
      canary?: {
        [name: string]: {
          state: "running" | "passed" | "stopped";
          /** Messages that were begun. */
          started: number;
        };
      };
      /** What its messages wait for although nothing is wrong: its pace, a quota of ours, or a worker that is starting. */
      waits?: readonly ({
        /** null: all. */
        channel: string | null;
        /** One sentence. */
        why: string;
        /** When the next message may go, as far as it is known. */
        until: string | null;
      })[];
      replays?: readonly ({
        at: string;
        by: {
          statuses: readonly (string)[];
          channels?: readonly (string)[];
          codes?: readonly (string)[];
        };
        recipients: number | null;
        attempts: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** List what became of each recipient of a dispatch */
  "GET /dispatches/{dispatch_id}/recipients": {
    input: {
      path: {
        /** Id of the dispatch: 32 hex digits, or as a UUID. */
        dispatch_id: string;
      };
      query?: {
        /** The person with this external id. */
        external_id?: string;
        /** Label of the person’s alias; `alias_name` is needed, too. */
        alias_label?: string;
        /** Name of the person’s alias. */
        alias_name?: string;
        /** The person with this id of the server. */
        braze_id?: string;
        /** Only this channel. */
        channel?: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        /** Only this status. */
        status?: "pending" | "sending" | "sent" | "skipped" | "aborted" | "failed" | "bounced" | "expired" | "unknown" | "cancelled";
        /** Only this reason. */
        reason?: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled";
        /** Only recipients with at least so many attempts, 0 to 9999. */
        min_attempts?: string;
        /** Entries of a page. Default: 100. */
        limit?: number;
        /** `next_cursor` of the page before. Absent: the first page. */
        cursor?: string;
      };
    };
    answer: {
      recipients: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        user_aliases: readonly ({
          alias_name: string;
          alias_label: string;
        })[];
        /** The id that the server gave. null: the person is gone. */
        braze_id?: string | null;
        /** As the request named the person. */
        email?: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person gets. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** What became of the send. */
        status: "pending" | "sending" | "sent" | "skipped" | "aborted" | "failed" | "bounced" | "expired" | "unknown" | "cancelled";
        /** Why it was not made. */
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        /** More about the reason. */
        detail: string | null;
        /** Where it went. */
        address?: string | null;
        /** Calls of the provider. */
        attempts?: number;
        /** The provider’s code. */
        provider_code?: string | null;
        /** The provider’s id of the message. */
        provider_message_id?: string | null;
        /** When it is tried next. */
        next_attempt_at?: string | null;
        /** The last five answers after which it was tried again, or is to be, oldest first. Absent: none, or a push to several devices. */
        retried_after?: readonly ({
          /** When it came. */
          at: string;
          /** The provider’s code. */
          provider_code: string;
          /** What the provider said, at most 200 characters. */
          detail: string | null;
        })[];
        /** When this became so. */
        updated_at?: string;
        /** What `message_extras` in its templates attached. */
        extras?: {
          [name: string]: string;
        };
        /** What came back: how often, and when first, as members that end in `_at`. */
        feedback?: {
          opens?: number;
          machine_opens?: number;
          clicks?: number;
          machine_clicks?: number;
          shows?: number;
          dismissals?: number;
          /** The provider’s code. */
          code?: string | null;
          /** The provider’s words. */
          text?: string | null;
          [name: string]: unknown;
        };
        /** Of a list: the line that has no recipient. */
        line?: number;
      })[];
      /** `cursor` of the next page. Absent on the last page. */
      next_cursor?: string;
      /** `success`. */
      message: string;
    };
  };
  /** Cancel a dispatch */
  "POST /dispatches/{dispatch_id}/cancel": {
    input: {
      path: {
        /** Id of the dispatch: 32 hex digits, or as a UUID. */
        dispatch_id: string;
      };
      body?: Record<string, never>;
    };
    answer: {
      /** The state of the dispatch. */
      state: "scheduled" | "accepted" | "sending" | "paused" | "finished" | "cancelled" | "failed";
      /** `success`. */
      message: string;
    };
  };
  /** Pause a dispatch */
  "POST /dispatches/{dispatch_id}/pause": {
    input: {
      path: {
        /** Id of the dispatch: 32 hex digits, or as a UUID. */
        dispatch_id: string;
      };
      body?: Record<string, never>;
    };
    answer: {
      /** The state of the dispatch. */
      state: "scheduled" | "accepted" | "sending" | "paused" | "finished" | "cancelled" | "failed";
      /** `success`. */
      message: string;
    };
  };
  /** Resume a paused dispatch */
  "POST /dispatches/{dispatch_id}/resume": {
    input: {
      path: {
        /** Id of the dispatch: 32 hex digits, or as a UUID. */
        dispatch_id: string;
      };
      body?: Record<string, never>;
    };
    answer: {
      /** The state of the dispatch. */
      state: "scheduled" | "accepted" | "sending" | "paused" | "finished" | "cancelled" | "failed";
      /** `success`. */
      message: string;
    };
  };
  /** Try failed sends of a dispatch again */
  "POST /dispatches/{dispatch_id}/replay": {
    input: {
      path: {
        /** Id of the dispatch: 32 hex digits, or as a UUID. */
        dispatch_id: string;
      };
      body: {
        /** Only sends with one of these statuses. */
        statuses?: readonly ("failed" | "aborted" | "expired" | "cancelled" | "unknown")[];
        /** Only sends of these channels. */
        channels?: readonly ("android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app")[];
        /** Only sends with one of these codes of providers. */
        codes?: readonly (string)[];
      };
    };
    answer: {
      /** The state of the dispatch. */
      state: "scheduled" | "accepted" | "sending" | "paused" | "finished" | "cancelled" | "failed";
      /** Sends that are tried again. null: not all people were written down yet. */
      recipients?: number | null;
      /** What could have been selected, if nothing was. */
      selectable?: readonly ({
        channel: string;
        status: string;
        code: string | null;
        recipients: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** List messages of channels that have no provider */
  "GET /sandbox/messages": {
    input: {
      query?: {
        /** Only those of this dispatch. */
        dispatch_id?: string;
        /** Only those to this person. */
        external_id?: string;
        /** Only this channel. */
        channel?: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        /** Entries of a page. Default: 50. */
        limit?: number;
        /** `next_cursor` of the page before. Absent: the first page. */
        cursor?: string;
      };
    };
    answer: {
      messages: readonly ({
        /** Id of the dispatch: 32 hex digits. */
        dispatch_id: string;
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        /** Where it went. */
        address: string | null;
        delivered_at: string;
        /** The message as it would have been sent. */
        message: unknown;
      })[];
      /** `cursor` of the next page. Absent on the last page. */
      next_cursor?: string;
      /** `success`. */
      message: string;
    };
  };
  /** Read what came back of messages, in the order in which it came */
  "GET /message_events": {
    input: {
      query?: {
        /** Only this kind. */
        kind?: "sent" | "not_sent" | "delivered" | "deferred" | "bounced" | "failed" | "complained" | "opened" | "clicked" | "read" | "shown" | "dismissed" | "replied" | "opted_out" | "opted_in" | "reactivated" | "unknown";
        /** Only this channel. */
        channel?: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        /** Only of this campaign. */
        campaign_id?: string;
        /** Only of transactional sends that their caller called so. */
        external_send_id?: string;
        /** Entries of a page. Default: 100. */
        limit?: number;
        /** `next_cursor` of the page before. Absent: the first page. */
        cursor?: string;
      };
    };
    answer: {
      events: readonly ({
        /** The same for ever, and in every delivery. */
        id: string;
        /** Such as `message.delivered` or `consent.opted_out`. */
        type: string;
        /** When it happened. */
        timestamp: string;
        received_at: string;
        channel: string;
        provider: string;
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        dispatch_id: string | null;
        campaign_id: string | null;
        external_send_id: string | null;
        address: string | null;
        provider_message_id: string | null;
        subscription_group_id: string | null;
        /** Whether the address is dead. */
        permanent: boolean;
        code: string | null;
        text: string | null;
        bot: string | null;
        /** What became of the event. */
        outcome: string;
        /** What else the provider said. */
        detail: unknown;
      })[];
      /** `cursor` of the next page. Absent on the last page. */
      next_cursor?: string;
      /** Whether there may be more already. */
      has_more: boolean;
      /** `success`. */
      message: string;
    };
  };
  /** List the webhooks that events go to, and how each fares */
  "GET /event_webhooks": {
    input: Record<string, never>;
    answer: {
      event_webhooks: readonly ({
        name: string;
        state: "active" | "paused" | "disabled";
        /** Whether it has every event but those that are tried again. */
        is_current: boolean;
        waiting_for_retry: number;
        failures_in_a_row: number;
        /** Events that were given up. */
        given_up: number;
        last_status: number | null;
        last_problem: string | null;
        last_delivered_at: string | null;
        not_called_before: string | null;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Pause a webhook of events */
  "POST /event_webhooks/{name}/pause": {
    input: {
      path: {
        /** Name of the webhook in the workspace file. */
        name: string;
      };
      body?: Record<string, never>;
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Resume a webhook of events */
  "POST /event_webhooks/{name}/resume": {
    input: {
      path: {
        /** Name of the webhook in the workspace file. */
        name: string;
      };
      body?: Record<string, never>;
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Send the events since a time to a webhook again */
  "POST /event_webhooks/{name}/replay": {
    input: {
      path: {
        /** Name of the webhook in the workspace file. */
        name: string;
      };
      body: {
        /** Events that were received at or after this time. */
        since: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** List the apps and the state of their push providers */
  "GET /push/apps": {
    input: Record<string, never>;
    answer: {
      apps: readonly ({
        id: string;
        name: string;
        platform: string;
        /** null: messages go to the sandbox. */
        provider: string | null;
        state: "open" | "paused" | "sandbox";
        /** Only if it is paused. */
        cause?: string;
        /** What the provider said. */
        reason?: string | null;
        since?: string;
        next_probe_at?: string | null;
        last_ten_minutes: {
          calls: number;
          /** Calls without an answer. */
          ambiguous: number;
        };
        /** Tokens that are set aside. */
        suspect_tokens: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** List the mail relays and their states */
  "GET /email/relays": {
    input: Record<string, never>;
    answer: {
      events: readonly ({
        service: string;
        /** Where the service shall post events. */
        url: string;
      })[];
      relays: readonly ({
        name: string;
        host: string;
        port: number;
        state: "open" | "paused";
        /** Only if it is paused. */
        cause?: string;
        /** What the provider said. */
        reason?: string | null;
        since?: string;
        next_probe_at?: string | null;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** List the subscription groups and how each fares with its provider */
  "GET /subscription/accounts": {
    input: Record<string, never>;
    answer: {
      accounts: readonly ({
        /** Id of the subscription group. */
        subscription_group_id: string;
        name: string;
        channel: string;
        archived: boolean;
        /** null: messages go to the sandbox. */
        provider: string | null;
        state: "open" | "paused" | "sandbox";
        /** Only if it is paused. */
        cause?: string;
        /** What the provider said. */
        reason?: string | null;
        since?: string;
        next_probe_at?: string | null;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read what keeps messages from going out */
  "GET /status": {
    input: Record<string, never>;
    answer: {
      servers: readonly ({
        host: string;
        process_id: number;
        roles: readonly (string)[];
        since: string;
        /** Whether this server answered the request. */
        answers?: boolean;
      })[];
      workers: readonly ({
        id: string;
        host?: string;
        process_id?: number;
        version?: string;
        started_at?: string;
        lanes: readonly ("named" | "broadcast")[];
        since: string;
        last_seen_at: string;
        tasks_in_hand: number;
      })[];
      queue: {
        named: {
          /** Pieces of work, due or not. */
          tasks: number;
          /** For how many seconds the oldest due one has waited. */
          oldest_waiting_s: number;
          /** With more, requests to send are refused with 503. null: no limit. */
          most_tasks: number | null;
          /** The same for `oldest_waiting_s`. */
          longest_wait_s: number | null;
        };
        broadcast: {
          /** Pieces of work, due or not. */
          tasks: number;
          /** For how many seconds the oldest due one has waited. */
          oldest_waiting_s: number;
          /** With more, requests to send are refused with 503. null: no limit. */
          most_tasks: number | null;
          /** The same for `oldest_waiting_s`. */
          longest_wait_s: number | null;
        };
      };
      /** One sentence each: what messages wait for although nothing is wrong. */
      waits: readonly (string)[];
      /** One sentence each. Empty: nothing is known to be wrong. */
      problems: readonly (string)[];
      /** `success`. */
      message: string;
    };
  };
  /** Store attributes, events and purchases */
  "POST /users/track": {
    input: {
      body: {
        /** What to store of people. */
        attributes?: readonly ({
          /** The person with this external id, who is made if there is none. */
          external_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The email address; without another name, it names the person. */
          email?: string;
          /** The phone number; without another name, it names the person. */
          phone?: string;
          /** Whether nobody is made. Default: false, but true with an alias. */
          _update_existing_only?: boolean;
          /** Whether a custom attribute that is an object is merged into the stored one. */
          _merge_objects?: boolean;
          /** Whether the tokens make a new anonymous person. */
          push_token_import?: boolean;
          first_name?: string;
          last_name?: string;
          home_city?: string;
          /** The subscription state of email. */
          email_subscribe?: "opted_in" | "subscribed" | "unsubscribed";
          /** The subscription state of push. */
          push_subscribe?: "opted_in" | "subscribed" | "unsubscribed";
          /** A code of ISO 3166-1, or the English name. */
          country?: string;
          /** A code of ISO 639-1. */
          language?: string;
          gender?: "M" | "F" | "O" | "N" | "P";
          /** The date of birth. */
          dob?: string;
          /** The name of a time zone. */
          time_zone?: string;
          current_location?: {
            longitude: number;
            latitude: number;
          };
          date_of_first_session?: string;
          date_of_last_session?: string;
          /** Marks the address as reported for spam. */
          marked_email_as_spam_at?: string;
          /** Stored, and not used. */
          email_open_tracking_disabled?: boolean;
          /** Stored, and not used. */
          email_click_tracking_disabled?: boolean;
          /** Stored, and not used. */
          image_url?: unknown;
          /** Stored, and not used. */
          facebook?: unknown;
          /** Stored, and not used. */
          twitter?: unknown;
          /** Tokens to add. `null` removes all tokens of the person. */
          push_tokens?: readonly ({
            /** Id of an app of this workspace. */
            app_id: string;
            /** The token. */
            token: string;
            /** Id of the device, of 8 to 255 bytes. */
            device_id?: string;
          })[];
          /** States in subscription groups. */
          subscription_groups?: readonly ({
            /** Id of the group. */
            subscription_group_id: string;
            subscription_state: "subscribed" | "unsubscribed";
            /** Asks that the person confirms first, which is not done. */
            use_double_opt_in_logic?: boolean;
          })[];
          [name: string]: unknown;
        })[];
        /** Custom events. */
        events?: readonly ({
          /** The person with this external id, who is made if there is none. */
          external_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The email address; without another name, it names the person. */
          email?: string;
          /** The phone number; without another name, it names the person. */
          phone?: string;
          /** Whether nobody is made. Default: false, but true with an alias. */
          _update_existing_only?: boolean;
          /** When it happened. A time to come counts as now. */
          time: string;
          /** The app in which it happened. */
          app_id?: string;
          /** What else is known of it. */
          properties?: {
            [name: string]: unknown;
          };
          /** The name of the event. */
          name: string;
        })[];
        /** Purchases. */
        purchases?: readonly ({
          /** The person with this external id, who is made if there is none. */
          external_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The email address; without another name, it names the person. */
          email?: string;
          /** The phone number; without another name, it names the person. */
          phone?: string;
          /** Whether nobody is made. Default: false, but true with an alias. */
          _update_existing_only?: boolean;
          /** When it happened. A time to come counts as now. */
          time: string;
          /** The app in which it happened. */
          app_id?: string;
          /** What else is known of it. */
          properties?: {
            [name: string]: unknown;
          };
          /** Id of the product. */
          product_id: string;
          /** A code of ISO 4217. */
          currency: string;
          /** The price of one piece. */
          price: number;
          /** Pieces. Default: 1. */
          quantity?: number;
        })[];
        /** Our own options. Others are refused. */
        cresset?: {
          /** Why the change is lawful, such as `contract`. It is kept with the change. */
          legal_basis?: string;
        };
      };
    };
    answer: {
      /** Objects that were stored. */
      attributes_processed?: number;
      /** Objects that were stored. */
      events_processed?: number;
      /** Objects that were stored. */
      purchases_processed?: number;
      /** Objects, or parts of them, that were left out. */
      errors?: readonly ({
        /** A sentence, or the original’s code. */
        type: string;
        input_array?: "attributes" | "events" | "purchases";
        index?: number;
        /** What exactly is wrong, beside a code. */
        detail?: string;
      })[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Store much at once */
  "POST /users/track/bulk": {
    input: {
      body: {
        /** What to store of people. */
        attributes?: readonly ({
          /** The person with this external id, who is made if there is none. */
          external_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The email address; without another name, it names the person. */
          email?: string;
          /** The phone number; without another name, it names the person. */
          phone?: string;
          /** Whether nobody is made. Default: false, but true with an alias. */
          _update_existing_only?: boolean;
          /** Whether a custom attribute that is an object is merged into the stored one. */
          _merge_objects?: boolean;
          /** Whether the tokens make a new anonymous person. */
          push_token_import?: boolean;
          first_name?: string;
          last_name?: string;
          home_city?: string;
          /** The subscription state of email. */
          email_subscribe?: "opted_in" | "subscribed" | "unsubscribed";
          /** The subscription state of push. */
          push_subscribe?: "opted_in" | "subscribed" | "unsubscribed";
          /** A code of ISO 3166-1, or the English name. */
          country?: string;
          /** A code of ISO 639-1. */
          language?: string;
          gender?: "M" | "F" | "O" | "N" | "P";
          /** The date of birth. */
          dob?: string;
          /** The name of a time zone. */
          time_zone?: string;
          current_location?: {
            longitude: number;
            latitude: number;
          };
          date_of_first_session?: string;
          date_of_last_session?: string;
          /** Marks the address as reported for spam. */
          marked_email_as_spam_at?: string;
          /** Stored, and not used. */
          email_open_tracking_disabled?: boolean;
          /** Stored, and not used. */
          email_click_tracking_disabled?: boolean;
          /** Stored, and not used. */
          image_url?: unknown;
          /** Stored, and not used. */
          facebook?: unknown;
          /** Stored, and not used. */
          twitter?: unknown;
          /** Tokens to add. `null` removes all tokens of the person. */
          push_tokens?: readonly ({
            /** Id of an app of this workspace. */
            app_id: string;
            /** The token. */
            token: string;
            /** Id of the device, of 8 to 255 bytes. */
            device_id?: string;
          })[];
          /** States in subscription groups. */
          subscription_groups?: readonly ({
            /** Id of the group. */
            subscription_group_id: string;
            subscription_state: "subscribed" | "unsubscribed";
            /** Asks that the person confirms first, which is not done. */
            use_double_opt_in_logic?: boolean;
          })[];
          [name: string]: unknown;
        })[];
        /** Custom events. */
        events?: readonly ({
          /** The person with this external id, who is made if there is none. */
          external_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The email address; without another name, it names the person. */
          email?: string;
          /** The phone number; without another name, it names the person. */
          phone?: string;
          /** Whether nobody is made. Default: false, but true with an alias. */
          _update_existing_only?: boolean;
          /** When it happened. A time to come counts as now. */
          time: string;
          /** The app in which it happened. */
          app_id?: string;
          /** What else is known of it. */
          properties?: {
            [name: string]: unknown;
          };
          /** The name of the event. */
          name: string;
        })[];
        /** Purchases. */
        purchases?: readonly ({
          /** The person with this external id, who is made if there is none. */
          external_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The email address; without another name, it names the person. */
          email?: string;
          /** The phone number; without another name, it names the person. */
          phone?: string;
          /** Whether nobody is made. Default: false, but true with an alias. */
          _update_existing_only?: boolean;
          /** When it happened. A time to come counts as now. */
          time: string;
          /** The app in which it happened. */
          app_id?: string;
          /** What else is known of it. */
          properties?: {
            [name: string]: unknown;
          };
          /** Id of the product. */
          product_id: string;
          /** A code of ISO 4217. */
          currency: string;
          /** The price of one piece. */
          price: number;
          /** Pieces. Default: 1. */
          quantity?: number;
        })[];
        /** Our own options. Others are refused. */
        cresset?: {
          /** Why the change is lawful, such as `contract`. It is kept with the change. */
          legal_basis?: string;
        };
      };
    };
    answer: {
      /** Objects that were stored. */
      attributes_processed?: number;
      /** Objects that were stored. */
      events_processed?: number;
      /** Objects that were stored. */
      purchases_processed?: number;
      /** Objects, or parts of them, that were left out. */
      errors?: readonly ({
        /** A sentence, or the original’s code. */
        type: string;
        input_array?: "attributes" | "events" | "purchases";
        index?: number;
        /** What exactly is wrong, beside a code. */
        detail?: string;
      })[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Store one object, and read back what is stored */
  "POST /users/track/sync": {
    input: {
      body: {
        /** What to store of people. */
        attributes?: readonly ({
          /** The person with this external id, who is made if there is none. */
          external_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The email address; without another name, it names the person. */
          email?: string;
          /** The phone number; without another name, it names the person. */
          phone?: string;
          /** Whether nobody is made. Default: false, but true with an alias. */
          _update_existing_only?: boolean;
          /** Whether a custom attribute that is an object is merged into the stored one. */
          _merge_objects?: boolean;
          /** Whether the tokens make a new anonymous person. */
          push_token_import?: boolean;
          first_name?: string;
          last_name?: string;
          home_city?: string;
          /** The subscription state of email. */
          email_subscribe?: "opted_in" | "subscribed" | "unsubscribed";
          /** The subscription state of push. */
          push_subscribe?: "opted_in" | "subscribed" | "unsubscribed";
          /** A code of ISO 3166-1, or the English name. */
          country?: string;
          /** A code of ISO 639-1. */
          language?: string;
          gender?: "M" | "F" | "O" | "N" | "P";
          /** The date of birth. */
          dob?: string;
          /** The name of a time zone. */
          time_zone?: string;
          current_location?: {
            longitude: number;
            latitude: number;
          };
          date_of_first_session?: string;
          date_of_last_session?: string;
          /** Marks the address as reported for spam. */
          marked_email_as_spam_at?: string;
          /** Stored, and not used. */
          email_open_tracking_disabled?: boolean;
          /** Stored, and not used. */
          email_click_tracking_disabled?: boolean;
          /** Stored, and not used. */
          image_url?: unknown;
          /** Stored, and not used. */
          facebook?: unknown;
          /** Stored, and not used. */
          twitter?: unknown;
          /** Tokens to add. `null` removes all tokens of the person. */
          push_tokens?: readonly ({
            /** Id of an app of this workspace. */
            app_id: string;
            /** The token. */
            token: string;
            /** Id of the device, of 8 to 255 bytes. */
            device_id?: string;
          })[];
          /** States in subscription groups. */
          subscription_groups?: readonly ({
            /** Id of the group. */
            subscription_group_id: string;
            subscription_state: "subscribed" | "unsubscribed";
            /** Asks that the person confirms first, which is not done. */
            use_double_opt_in_logic?: boolean;
          })[];
          [name: string]: unknown;
        })[];
        /** Custom events. */
        events?: readonly ({
          /** The person with this external id, who is made if there is none. */
          external_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The email address; without another name, it names the person. */
          email?: string;
          /** The phone number; without another name, it names the person. */
          phone?: string;
          /** Whether nobody is made. Default: false, but true with an alias. */
          _update_existing_only?: boolean;
          /** When it happened. A time to come counts as now. */
          time: string;
          /** The app in which it happened. */
          app_id?: string;
          /** What else is known of it. */
          properties?: {
            [name: string]: unknown;
          };
          /** The name of the event. */
          name: string;
        })[];
        /** Purchases. */
        purchases?: readonly ({
          /** The person with this external id, who is made if there is none. */
          external_id?: string;
          /** The person with this alias. */
          user_alias?: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
          /** The person with this id of the server. */
          braze_id?: string;
          /** The email address; without another name, it names the person. */
          email?: string;
          /** The phone number; without another name, it names the person. */
          phone?: string;
          /** Whether nobody is made. Default: false, but true with an alias. */
          _update_existing_only?: boolean;
          /** When it happened. A time to come counts as now. */
          time: string;
          /** The app in which it happened. */
          app_id?: string;
          /** What else is known of it. */
          properties?: {
            [name: string]: unknown;
          };
          /** Id of the product. */
          product_id: string;
          /** A code of ISO 4217. */
          currency: string;
          /** The price of one piece. */
          price: number;
          /** Pieces. Default: 1. */
          quantity?: number;
        })[];
        /** Our own options. Others are refused. */
        cresset?: {
          /** Why the change is lawful, such as `contract`. It is kept with the change. */
          legal_basis?: string;
        };
      };
    };
    answer: {
      users: readonly ({
        /** As in the request. */
        external_id?: unknown;
        /** As in the request. */
        user_alias?: unknown;
        /** As in the request. */
        braze_id?: unknown;
        /** As in the request. */
        email?: unknown;
        /** As in the request. */
        phone?: unknown;
        /** The custom attributes that the request names, as they are stored now. */
        custom_attributes?: {
          [name: string]: unknown;
        };
        custom_events?: readonly ({
          name?: string;
          product_id?: string;
          first: string;
          last: string;
          count: number;
        })[];
        purchase_events?: readonly ({
          name?: string;
          product_id?: string;
          first: string;
          last: string;
          count: number;
        })[];
      })[];
      /** Objects, or parts of them, that were left out. */
      errors?: readonly ({
        /** A sentence, or the original’s code. */
        type: string;
        input_array?: "attributes" | "events" | "purchases";
        index?: number;
        /** What exactly is wrong, beside a code. */
        detail?: string;
      })[];
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Give people aliases */
  "POST /users/alias/new": {
    input: {
      body: {
        /** New aliases. Without `external_id`, a new person is made. */
        user_aliases: readonly ({
          /** The external id. */
          external_id?: string;
          /** The name. */
          alias_name?: string;
          /** The label. */
          alias_label?: string;
          /** Instead of the two members above. */
          user_alias?: {
            alias_name?: string;
            alias_label?: string;
          };
        })[];
      };
    };
    answer: {
      /** Elements of the request. */
      aliases_processed: number;
      /** `success`. */
      message: string;
    };
  };
  /** Read what is stored of people */
  "POST /users/export/ids": {
    input: {
      body: {
        /** External ids. */
        external_ids?: string | readonly (string)[];
        /** Aliases. */
        user_aliases?: readonly ({
          /** The name, of at most 236 bytes. */
          alias_name: string;
          /** The label, of at most 236 bytes. */
          alias_label: string;
        })[];
        /** The people who have this device. */
        device_id?: string;
        /** The person with this id of the server. */
        braze_id?: string;
        /** The people who have this address. */
        email_address?: string;
        /** The people who have this number. */
        phone?: string;
        /** Names of members. Default: all. Others than these are ignored: apps, attributed_campaign, attributed_source, attributed_adgroup, attributed_ad, braze_id, campaigns_received, canvases_received, cards_clicked, consent_changes, country, created_at, custom_attributes, custom_events, devices, dob, email, email_subscribe, external_id, first_name, gender, home_city, language, last_coordinates, last_name, phone, purchases, push_subscribe, push_tokens, random_bucket, time_zone, total_revenue, uninstalled_at, user_aliases. */
        fields_to_export?: readonly (string)[];
      };
    };
    answer: {
      users: readonly ({
        apps?: string;
        attributed_campaign?: string;
        attributed_source?: string;
        attributed_adgroup?: string;
        attributed_ad?: string;
        braze_id?: string;
        campaigns_received?: readonly ({
          [name: string]: unknown;
        })[];
        canvases_received?: string;
        cards_clicked?: string;
        /** The newest first. */
        consent_changes?: readonly ({
          changed_at: string;
          of: "email" | "push" | "subscription_group";
          /** The group, if it is of one. */
          subscription_group_id?: string;
          /** null: the person had no state in the group. */
          previous_state: string | null;
          state: string;
          /** The address of that time. null: there was none. */
          address: string | null;
          /** By which way the change came. */
          door: "api" | "link" | "one_click" | "reply" | "complaint" | "provider" | "import" | "merge" | "browser";
          /** The name of the API key. */
          api_key?: string;
          provider?: string;
          /** The address of the person’s client. */
          ip?: string;
          /** As given. */
          legal_basis?: string;
        })[];
        country?: string;
        created_at?: string;
        custom_attributes?: {
          [name: string]: unknown;
        };
        /** Of the last 90 days. */
        custom_events?: readonly ({
          [name: string]: unknown;
        })[];
        devices?: string;
        dob?: string;
        email?: string;
        email_subscribe?: string;
        external_id?: string;
        first_name?: string;
        gender?: string;
        home_city?: string;
        language?: string;
        /** Longitude and latitude. */
        last_coordinates?: readonly (number)[];
        last_name?: string;
        phone?: string;
        /** Of the last 90 days. */
        purchases?: readonly ({
          [name: string]: unknown;
        })[];
        push_subscribe?: string;
        push_tokens?: readonly ({
          [name: string]: unknown;
        })[];
        random_bucket?: number;
        time_zone?: string;
        total_revenue?: number;
        uninstalled_at?: string;
        user_aliases?: readonly ({
          [name: string]: unknown;
        })[];
        push_opted_in_at?: string;
      })[];
      /** Names that nobody has. */
      invalid_user_ids?: readonly (string)[];
      /** `success`. */
      message: string;
    };
  };
  /** Delete people and all that is stored of them */
  "POST /users/delete": {
    input: {
      body: {
        /** External ids. */
        external_ids?: string | readonly (string)[];
        /** Aliases. */
        user_aliases?: readonly ({
          /** The name, of at most 236 bytes. */
          alias_name: string;
          /** The label, of at most 236 bytes. */
          alias_label: string;
        })[];
        /** Ids of the server. */
        braze_ids?: string | readonly (string)[];
        /** Addresses. */
        email_addresses?: readonly (string | {
          /** The email address. */
          email: string;
          /** How people who share the address are narrowed down to one, in this order. */
          prioritization?: readonly ("identified" | "unidentified" | "most_recently_updated" | "least_recently_updated")[];
        })[];
        /** Addresses. */
        phone_numbers?: readonly (string | {
          /** The phone number. */
          phone: string;
          /** How people who share the address are narrowed down to one, in this order. */
          prioritization?: readonly ("identified" | "unidentified" | "most_recently_updated" | "least_recently_updated")[];
        })[];
      };
    };
    answer: {
      /** Ids of the request. */
      deleted: number;
      /** `success`. */
      message: string;
    };
  };
  /** List what a person was sent or refused, the newest first */
  "GET /users/{external_id}/messages": {
    input: {
      path: {
        /** The external id. */
        external_id: string;
      };
      query?: {
        /** Only this channel. */
        channel?: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        /** Only this status. */
        status?: "pending" | "sending" | "sent" | "skipped" | "aborted" | "failed" | "bounced" | "expired" | "unknown" | "cancelled";
        /** Only this reason. */
        reason?: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled";
        /** Accepted at this time or later. */
        since?: string;
        /** Accepted before this time. */
        until?: string;
        /** Entries of a page. Default: 50. */
        limit?: number;
        /** `next_cursor` of the page before. Absent: the first page. */
        cursor?: string;
      };
    };
    answer: {
      /** The external id. null: the person has none, or is gone. */
      external_id: string | null;
      /** The id that the server gave. null: the person is gone. */
      braze_id: string | null;
      messages: readonly ({
        /** Id of the dispatch: 32 hex digits. */
        dispatch_id: string;
        campaign_id?: string;
        /** The name of the campaign. Absent: the workspace has it no more. */
        campaign_name?: string;
        accepted_at: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person gets. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** What became of the send. */
        status: "pending" | "sending" | "sent" | "skipped" | "aborted" | "failed" | "bounced" | "expired" | "unknown" | "cancelled";
        /** Why it was not made. */
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        /** More about the reason. */
        detail: string | null;
        /** Where it went. */
        address?: string | null;
        /** Calls of the provider. */
        attempts?: number;
        /** The provider’s code. */
        provider_code?: string | null;
        /** The provider’s id of the message. */
        provider_message_id?: string | null;
        /** When it is tried next. */
        next_attempt_at?: string | null;
        /** The last five answers after which it was tried again, or is to be, oldest first. Absent: none, or a push to several devices. */
        retried_after?: readonly ({
          /** When it came. */
          at: string;
          /** The provider’s code. */
          provider_code: string;
          /** What the provider said, at most 200 characters. */
          detail: string | null;
        })[];
        /** When this became so. */
        updated_at?: string;
        /** What `message_extras` in its templates attached. */
        extras?: {
          [name: string]: string;
        };
        /** What came back: how often, and when first, as members that end in `_at`. */
        feedback?: {
          opens?: number;
          machine_opens?: number;
          clicks?: number;
          machine_clicks?: number;
          shows?: number;
          dismissals?: number;
          /** The provider’s code. */
          code?: string | null;
          /** The provider’s words. */
          text?: string | null;
          [name: string]: unknown;
        };
      })[];
      /** `cursor` of the next page. Absent on the last page. */
      next_cursor?: string;
      /** `success`. */
      message: string;
    };
  };
  /** List what a person was sent or refused, by any name or address of the person */
  "GET /users/messages": {
    input: {
      query?: {
        /** The person with this external id. */
        external_id?: string;
        /** Label of the person’s alias; `alias_name` is needed, too. */
        alias_label?: string;
        /** Name of the person’s alias. */
        alias_name?: string;
        /** The person with this id of the server. */
        braze_id?: string;
        /** Everybody who has this address now, in whatever letter case. */
        email?: string;
        /** Everybody who has this number now. */
        phone?: string;
        /** Only this channel. */
        channel?: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app";
        /** Only this status. */
        status?: "pending" | "sending" | "sent" | "skipped" | "aborted" | "failed" | "bounced" | "expired" | "unknown" | "cancelled";
        /** Only this reason. */
        reason?: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled";
        /** Accepted at this time or later. */
        since?: string;
        /** Accepted before this time. */
        until?: string;
        /** Entries of a page. Default: 50. */
        limit?: number;
        /** `next_cursor` of the page before. Absent: the first page. */
        cursor?: string;
      };
    };
    answer: {
      /** The external id. null: the person has none, or is gone. */
      external_id?: string | null;
      /** The id that the server gave. null: the person is gone. */
      braze_id?: string | null;
      /** Of an address. */
      people?: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
      })[];
      messages: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id?: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id?: string | null;
        /** Id of the dispatch: 32 hex digits. */
        dispatch_id: string;
        campaign_id?: string;
        /** The name of the campaign. Absent: the workspace has it no more. */
        campaign_name?: string;
        accepted_at: string;
        /** The channel. */
        channel: "android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app" | null;
        /** The message variation of its campaign that the person gets. Absent: none, as in a control group. */
        message_variation_id?: string;
        /** What became of the send. */
        status: "pending" | "sending" | "sent" | "skipped" | "aborted" | "failed" | "bounced" | "expired" | "unknown" | "cancelled";
        /** Why it was not made. */
        reason: "unknown_user" | "duplicate" | "not_in_segment" | "not_in_audience" | "no_address" | "hard_bounced" | "marked_spam" | "invalid_phone" | "suppressed" | "duplicate_address" | "unsubscribed" | "not_opted_in" | "not_in_subscription_group" | "blocked_country" | "control_group" | "quiet_hours" | "frequency_capped" | "aborted" | "render_error" | "content_unavailable" | "payload_too_large" | "expired" | "attachment_unusable" | "blocked_target" | "malformed_request" | "malformed_subscription" | "malformed_token" | "outside_window" | "smtputf8_unsupported" | "subscription_expired" | "provider_refused" | "address_dead" | "gave_up" | "unknown" | "cancelled" | null;
        /** More about the reason. */
        detail: string | null;
        /** Where it went. */
        address?: string | null;
        /** Calls of the provider. */
        attempts?: number;
        /** The provider’s code. */
        provider_code?: string | null;
        /** The provider’s id of the message. */
        provider_message_id?: string | null;
        /** When it is tried next. */
        next_attempt_at?: string | null;
        /** The last five answers after which it was tried again, or is to be, oldest first. Absent: none, or a push to several devices. */
        retried_after?: readonly ({
          /** When it came. */
          at: string;
          /** The provider’s code. */
          provider_code: string;
          /** What the provider said, at most 200 characters. */
          detail: string | null;
        })[];
        /** When this became so. */
        updated_at?: string;
        /** What `message_extras` in its templates attached. */
        extras?: {
          [name: string]: string;
        };
        /** What came back: how often, and when first, as members that end in `_at`. */
        feedback?: {
          opens?: number;
          machine_opens?: number;
          clicks?: number;
          machine_clicks?: number;
          shows?: number;
          dismissals?: number;
          /** The provider’s code. */
          code?: string | null;
          /** The provider’s words. */
          text?: string | null;
          [name: string]: unknown;
        };
      })[];
      /** `cursor` of the next page. Absent on the last page. */
      next_cursor?: string;
      /** `success`. */
      message: string;
    };
  };
  /** List who changed which subscription state of a person, the newest change first */
  "GET /users/{external_id}/consent": {
    input: {
      path: {
        /** The external id. */
        external_id: string;
      };
      query?: {
        /** Entries of a page. Default: 100. */
        limit?: number;
        /** `next_cursor` of the page before. Absent: the first page. */
        cursor?: string;
      };
    };
    answer: {
      /** The external id. null: the person has none, or is gone. */
      external_id: string | null;
      /** The id that the server gave. null: the person is gone. */
      braze_id: string | null;
      /** The newest first. */
      consent_changes: readonly ({
        changed_at: string;
        of: "email" | "push" | "subscription_group";
        /** The group, if it is of one. */
        subscription_group_id?: string;
        /** null: the person had no state in the group. */
        previous_state: string | null;
        state: string;
        /** The address of that time. null: there was none. */
        address: string | null;
        /** By which way the change came. */
        door: "api" | "link" | "one_click" | "reply" | "complaint" | "provider" | "import" | "merge" | "browser";
        /** The name of the API key. */
        api_key?: string;
        provider?: string;
        /** The address of the person’s client. */
        ip?: string;
        /** As given. */
        legal_basis?: string;
      })[];
      /** `cursor` of the next page. Absent on the last page. */
      next_cursor?: string;
      /** `success`. */
      message: string;
    };
  };
  /** List who changed which subscription state of a person, by any name of the person */
  "GET /users/consent": {
    input: {
      query?: {
        /** The person with this external id. */
        external_id?: string;
        /** Label of the person’s alias; `alias_name` is needed, too. */
        alias_label?: string;
        /** Name of the person’s alias. */
        alias_name?: string;
        /** The person with this id of the server. */
        braze_id?: string;
        /** Entries of a page. Default: 100. */
        limit?: number;
        /** `next_cursor` of the page before. Absent: the first page. */
        cursor?: string;
      };
    };
    answer: {
      /** The external id. null: the person has none, or is gone. */
      external_id: string | null;
      /** The id that the server gave. null: the person is gone. */
      braze_id: string | null;
      /** The newest first. */
      consent_changes: readonly ({
        changed_at: string;
        of: "email" | "push" | "subscription_group";
        /** The group, if it is of one. */
        subscription_group_id?: string;
        /** null: the person had no state in the group. */
        previous_state: string | null;
        state: string;
        /** The address of that time. null: there was none. */
        address: string | null;
        /** By which way the change came. */
        door: "api" | "link" | "one_click" | "reply" | "complaint" | "provider" | "import" | "merge" | "browser";
        /** The name of the API key. */
        api_key?: string;
        provider?: string;
        /** The address of the person’s client. */
        ip?: string;
        /** As given. */
        legal_basis?: string;
      })[];
      /** `cursor` of the next page. Absent on the last page. */
      next_cursor?: string;
      /** `success`. */
      message: string;
    };
  };
  /** Set the subscription state of email addresses */
  "POST /email/status": {
    input: {
      body: {
        /** Email addresses, at most 50. */
        email: string | readonly (string)[];
        /** The state of everybody who has the address. */
        subscription_state: "opted_in" | "subscribed" | "unsubscribed";
        /** Our own options. Others are refused. */
        cresset?: {
          /** Why the change is lawful, such as `contract`. It is kept with the change. */
          legal_basis?: string;
        };
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Mark email addresses as hard bounced */
  "POST /email/blocklist": {
    input: {
      body: {
        /** Email addresses, at most 50. */
        email: string | readonly (string)[];
        /** Our own options. Others are refused. */
        cresset?: {
          /** Why the change is lawful, such as `contract`. It is kept with the change. */
          legal_basis?: string;
        };
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Mark email addresses as hard bounced, by the older name */
  "POST /email/blacklist": {
    input: {
      body: {
        /** Email addresses, at most 50. */
        email: string | readonly (string)[];
        /** Our own options. Others are refused. */
        cresset?: {
          /** Why the change is lawful, such as `contract`. It is kept with the change. */
          legal_basis?: string;
        };
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Forget that email addresses bounced */
  "POST /email/bounce/remove": {
    input: {
      body: {
        /** Email addresses, at most 50. */
        email: string | readonly (string)[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Forget that email addresses reported spam */
  "POST /email/spam/remove": {
    input: {
      body: {
        /** Email addresses, at most 50. */
        email: string | readonly (string)[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** List hard bounced email addresses */
  "GET /email/hard_bounces": {
    input: {
      query?: {
        /** The first day, at midnight UTC. Required without `email`. */
        start_date?: string;
        /** The end. Required without `email`. */
        end_date?: string;
        /** Entries of a page. Default: 100. */
        limit?: number;
        /** Entries to leave out. */
        offset?: number;
        /** Addresses that are asked for, at most 50; then the period does not count. */
        "email[]"?: readonly (string)[];
      };
    };
    answer: {
      /** The addresses. */
      emails: readonly ({
        email: string;
        hard_bounced_at: string;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** List unsubscribed email addresses */
  "GET /email/unsubscribes": {
    input: {
      query?: {
        /** The first day, at midnight UTC. Required without `email`. */
        start_date?: string;
        /** The end. Required without `email`. */
        end_date?: string;
        /** Entries of a page. Default: 100. */
        limit?: number;
        /** Entries to leave out. */
        offset?: number;
        /** Addresses that are asked for, at most 50; then the period does not count. */
        "email[]"?: readonly (string)[];
        /** The order. */
        sort_direction?: "asc" | "desc";
      };
    };
    answer: {
      /** The addresses. */
      emails: readonly ({
        email: string;
        unsubscribed_at: string;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** List phone numbers that are marked as invalid */
  "GET /sms/invalid_phone_numbers": {
    input: {
      query?: {
        /** The first day, at midnight UTC. Required without `phone_numbers`. */
        start_date?: string;
        /** The end. Required without `phone_numbers`. */
        end_date?: string;
        /** Entries of a page. Default: 100. */
        limit?: number;
        /** Entries to leave out. */
        offset?: number;
        /** Addresses that are asked for, at most 50; then the period does not count. */
        "phone_numbers[]"?: readonly (string)[];
        /** Only numbers with this reason. */
        reason?: "provider_error" | "deactivated" | "invalid_format";
      };
    };
    answer: {
      sms: readonly ({
        /** In E.164. */
        phone: string;
        invalid_detected_at: string;
        reason: "provider_error" | "deactivated" | "invalid_format";
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Forget that phone numbers are invalid */
  "POST /sms/invalid_phone_numbers/remove": {
    input: {
      body: {
        /** Phone numbers, such as `+4366412345678`, at most 50. */
        phone_numbers?: string | readonly (string)[];
        /** Phone numbers, such as `+4366412345678`, at most 50. */
        phone_number?: string | readonly (string)[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Set the state of people in a subscription group */
  "POST /subscription/status/set": {
    input: {
      body: {
        /** Id of the subscription group. */
        subscription_group_id: string;
        /** The new state. */
        subscription_state: "subscribed" | "unsubscribed";
        /** Asks that the person confirms first, which this server does not do. It is noted in the activity log. */
        use_double_opt_in_logic?: boolean;
        /** External ids. */
        external_id?: string | readonly (string)[];
        /** Email addresses, of a group for email. */
        email?: string | readonly (string)[];
        /** Phone numbers, of a group for SMS or WhatsApp. */
        phone?: string | readonly (string)[];
        /** Our own options. Others are refused. */
        cresset?: {
          /** Why the change is lawful, such as `contract`. It is kept with the change. */
          legal_basis?: string;
        };
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Set the state of people in several subscription groups */
  "POST /v2/subscription/status/set": {
    input: {
      body: {
        /** What to set. */
        subscription_groups: readonly ({
          /** Id of the subscription group. */
          subscription_group_id: string;
          /** The new state. */
          subscription_state: "subscribed" | "unsubscribed";
          /** Asks that the person confirms first, which this server does not do. It is noted in the activity log. */
          use_double_opt_in_logic?: boolean;
          /** External ids. */
          external_ids?: string | readonly (string)[];
          /** External ids. */
          external_id?: string | readonly (string)[];
          /** Email addresses, of a group for email. */
          emails?: string | readonly (string)[];
          /** Email addresses, of a group for email. */
          email?: string | readonly (string)[];
          /** Phone numbers in E.164, with `+`. */
          phones?: string | readonly (string)[];
          /** Phone numbers in E.164. */
          phone?: string | readonly (string)[];
        })[];
        /** Our own options. Others are refused. */
        cresset?: {
          /** Why the change is lawful, such as `contract`. It is kept with the change. */
          legal_basis?: string;
        };
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Read the state of people in a subscription group */
  "GET /subscription/status/get": {
    input: {
      query: {
        /** Id of the subscription group. */
        subscription_group_id: string;
        /** External ids, at most 50. */
        "external_id[]"?: readonly (string)[];
        /** Email addresses, at most 50. */
        "email[]"?: readonly (string)[];
        /** Phone numbers, at most 50. */
        "phone[]"?: readonly (string)[];
      };
    };
    answer: {
      /** By external id or address, as it was asked for. */
      status: {
        [name: string]: "Subscribed" | "Unsubscribed" | "Unknown";
      };
      /** `success`. */
      message: string;
    };
  };
  /** Read the subscription groups of people */
  "GET /subscription/user/status": {
    input: {
      query?: {
        /** External ids, at most 50. */
        "external_id[]"?: readonly (string)[];
        /** Email addresses, at most 50. */
        "email[]"?: readonly (string)[];
        /** Phone numbers, at most 50. */
        "phone[]"?: readonly (string)[];
        /** Entries of a page. Default: 100. */
        limit?: number;
        /** People to leave out. */
        offset?: number;
      };
    };
    answer: {
      users: readonly ({
        email: string | null;
        phone: string | null;
        external_id: string | null;
        subscription_groups: readonly ({
          id: string;
          name: string;
          channel: string;
          status: "Subscribed" | "Unsubscribed";
        })[];
      })[];
      /** People who are named. */
      total_count: number;
      /** `success`. */
      message: string;
    };
  };
  /** Store an email template */
  "POST /templates/email/create": {
    input: {
      body: {
        /** A name. */
        template_name: string;
        /** The subject. It may be a template. */
        subject: string;
        /** The HTML. It may be a template. */
        body: string;
        /** What a mail program shows beside the subject. */
        preheader?: string;
        /** The text for programs without HTML. Default: made of the HTML. */
        plaintext_body?: string;
        /** Tags. */
        tags?: readonly (string)[];
        /** Kept, and not done by this server. */
        should_inline_css?: boolean;
      };
    };
    answer: {
      /** Id of the template. */
      email_template_id: string;
      /** `success`. */
      message: string;
    };
  };
  /** Change an email template */
  "POST /templates/email/update": {
    input: {
      body: {
        /** Id of the template. */
        email_template_id: string;
        /** A name. */
        template_name?: string;
        /** The subject. It may be a template. */
        subject?: string;
        /** The HTML. It may be a template. */
        body?: string;
        /** What a mail program shows beside the subject. */
        preheader?: string;
        /** The text for programs without HTML. Default: made of the HTML. */
        plaintext_body?: string;
        /** Tags. */
        tags?: readonly (string)[];
        /** Kept, and not done by this server. */
        should_inline_css?: boolean;
      };
    };
    answer: {
      /** Id of the template. */
      email_template_id: string;
      /** `success`. */
      message: string;
    };
  };
  /** Read an email template */
  "GET /templates/email/info": {
    input: {
      query: {
        /** Id of the template. */
        email_template_id: string;
      };
    };
    answer: {
      /** Id of the template. */
      email_template_id: string;
      template_name: string;
      /** Always empty. */
      description: string;
      /** The subject. It may be a template. */
      subject: string;
      preheader: string;
      /** The HTML. It may be a template. */
      body: string;
      plaintext_body: string;
      /** Kept, and not done by this server. */
      should_inline_css: boolean;
      /** Tags. */
      tags: readonly (string)[];
      created_at: string;
      updated_at: string;
      /** `success`. */
      message: string;
    };
  };
  /** List email templates */
  "GET /templates/email/list": {
    input: {
      query?: {
        /** Only what was changed after this time. */
        modified_after?: string;
        /** Only what was changed before this time. */
        modified_before?: string;
        /** Entries of a page. Default: 100. */
        limit?: number;
        /** Entries to leave out. */
        offset?: number;
      };
    };
    answer: {
      /** Entries of this page. */
      count: number;
      templates: readonly ({
        /** Id of the template. */
        email_template_id: string;
        template_name: string;
        /** Tags. */
        tags: readonly (string)[];
        created_at: string;
        updated_at: string;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Store a content block */
  "POST /content_blocks/create": {
    input: {
      body: {
        /** Letters, digits, `-` and `_`. */
        name: string;
        /** The text. It may be a template. Fewer than 50 KiB. */
        content: string;
        /** Not blank. */
        description?: string;
        /** Default: `active`. */
        state?: "active" | "draft";
        /** Tags. */
        tags?: readonly (string)[];
      };
    };
    answer: {
      /** Id of the content block. */
      content_block_id: string;
      /** How a template includes the block. */
      liquid_tag: string;
      created_at: string;
      /** `success`. */
      message: string;
    };
  };
  /** Change a content block */
  "POST /content_blocks/update": {
    input: {
      body: {
        /** Id of the content block. */
        content_block_id: string;
        /** Letters, digits, `-` and `_`. */
        name?: string;
        /** The text. It may be a template. Fewer than 50 KiB. */
        content?: string;
        /** Not blank. */
        description?: string;
        /** Default: `active`. */
        state?: "active" | "draft";
        /** Tags. */
        tags?: readonly (string)[];
      };
    };
    answer: {
      /** Id of the content block. */
      content_block_id: string;
      /** How a template includes the block. */
      liquid_tag: string;
      created_at: string;
      /** `success`. */
      message: string;
    };
  };
  /** Read a content block */
  "GET /content_blocks/info": {
    input: {
      query: {
        /** Id of the content block. */
        content_block_id: string;
        /** Whether the answer lists what includes the block. Default: no. */
        include_inclusion_data?: boolean;
      };
    };
    answer: {
      /** Id of the content block. */
      content_block_id: string;
      name: string;
      /** The text. It may be a template. Fewer than 50 KiB. */
      content: string;
      description: string;
      content_type: string;
      state: "active" | "draft";
      /** Tags. */
      tags: readonly (string)[];
      created_at: string;
      last_edited: string;
      /** What includes the block. */
      inclusion_count: number;
      inclusion_data?: readonly (string)[];
      /** `success`. */
      message: string;
    };
  };
  /** List content blocks */
  "GET /content_blocks/list": {
    input: {
      query?: {
        /** Only what was changed after this time. */
        modified_after?: string;
        /** Only what was changed before this time. */
        modified_before?: string;
        /** Entries of a page. Default: 100. */
        limit?: number;
        /** Entries to leave out. */
        offset?: number;
      };
    };
    answer: {
      /** Entries of this page. */
      count: number;
      content_blocks: readonly ({
        /** Id of the content block. */
        content_block_id: string;
        name: string;
        content_type: string;
        /** How a template includes the block. */
        liquid_tag: string;
        inclusion_count: number;
        created_at: string;
        last_edited: string;
        /** Tags. */
        tags: readonly (string)[];
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Give external ids to people who have none */
  "POST /users/identify": {
    input: {
      body: {
        aliases_to_identify?: readonly ({
          /** The external id. */
          external_id: string;
          /** The person with this alias. */
          user_alias: {
            /** The name, of at most 236 bytes. */
            alias_name: string;
            /** The label, of at most 236 bytes. */
            alias_label: string;
          };
        })[];
        emails_to_identify?: readonly ({
          /** The external id. */
          external_id: string;
          /** The email address. */
          email: string;
          /** How people who share the address are narrowed down to one, in this order. */
          prioritization: readonly ("identified" | "unidentified" | "most_recently_updated" | "least_recently_updated")[];
        })[];
        phone_numbers_to_identify?: readonly ({
          /** The external id. */
          external_id: string;
          /** The phone number. */
          phone: string;
          /** How people who share the address are narrowed down to one, in this order. */
          prioritization: readonly ("identified" | "unidentified" | "most_recently_updated" | "least_recently_updated")[];
        })[];
      };
    };
    answer: {
      /** Elements of the request. */
      aliases_processed: number;
      /** `success`. */
      message: string;
    };
  };
  /** Make one person of two */
  "POST /users/merge": {
    input: {
      body: {
        merge_updates: readonly ({
          /** A person, by `external_id`, `user_alias`, `email` or `phone`, the first of them that is given. */
          identifier_to_merge: {
            /** The external id. */
            external_id?: string;
            /** The person with this alias. */
            user_alias?: {
              /** The name, of at most 236 bytes. */
              alias_name: string;
              /** The label, of at most 236 bytes. */
              alias_label: string;
            };
            /** The email address. */
            email?: string;
            /** The phone number. */
            phone?: string;
            /** How people who share the address are narrowed down to one, in this order. */
            prioritization?: readonly ("identified" | "unidentified" | "most_recently_updated" | "least_recently_updated")[];
          };
          /** A person, by `external_id`, `user_alias`, `email` or `phone`, the first of them that is given. */
          identifier_to_keep: {
            /** The external id. */
            external_id?: string;
            /** The person with this alias. */
            user_alias?: {
              /** The name, of at most 236 bytes. */
              alias_name: string;
              /** The label, of at most 236 bytes. */
              alias_label: string;
            };
            /** The email address. */
            email?: string;
            /** The phone number. */
            phone?: string;
            /** How people who share the address are narrowed down to one, in this order. */
            prioritization?: readonly ("identified" | "unidentified" | "most_recently_updated" | "least_recently_updated")[];
          };
        })[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Rename aliases */
  "POST /users/alias/update": {
    input: {
      body: {
        alias_updates: readonly ({
          /** The label. */
          alias_label: string;
          /** The name now. */
          old_alias_name: string;
          /** The new name. */
          new_alias_name: string;
        })[];
      };
    };
    answer: {
      /** Elements of the request. */
      aliases_processed: number;
      /** `success`. */
      message: string;
    };
  };
  /** Rename external ids */
  "POST /users/external_ids/rename": {
    input: {
      body: {
        external_id_renames: readonly ({
          /** The id now. */
          current_external_id: string;
          /** The new id. */
          new_external_id: string;
        })[];
      };
    };
    answer: {
      /** What was left out. */
      rename_errors: readonly (readonly (unknown)[])[];
      /** What was renamed. */
      external_ids: readonly ({
        current_external_id: string;
        new_external_id: string;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Remove external ids that were renamed */
  "POST /users/external_ids/remove": {
    input: {
      body: {
        /** External ids. */
        external_ids: readonly (string)[];
      };
    };
    answer: {
      removed_ids: readonly (string)[];
      /** What was left out. */
      removal_errors: readonly (readonly (unknown)[])[];
      /** `success`. */
      message: string;
    };
  };
  /** List campaigns */
  "GET /campaigns/list": {
    input: {
      query?: {
        /** The page, from 0. */
        page?: number;
        /** Whether archived ones are listed. Default: no. */
        include_archived?: boolean;
        /** The order. */
        sort_direction?: "asc" | "desc";
        /** Only those that were changed after this time. */
        "last_edit.time[gt]"?: string;
      };
    };
    answer: {
      campaigns: readonly ({
        id: string;
        last_edited: string;
        name: string;
        is_api_campaign: boolean;
        /** Tags. */
        tags: readonly (string)[];
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read what a campaign consists of */
  "GET /campaigns/details": {
    input: {
      query: {
        /** Id of the campaign. */
        campaign_id: string;
        /** There are no drafts. */
        post_launch_draft_version?: boolean;
      };
    };
    answer: {
      created_at: string;
      updated_at: string;
      archived: boolean;
      draft: boolean;
      enabled: boolean;
      has_post_launch_draft: boolean;
      name: string;
      description: string;
      schedule_type: "api" | "api_triggered";
      channels: readonly (string)[];
      first_sent: string | null;
      last_sent: string | null;
      /** Tags. */
      tags: readonly (string)[];
      teams: readonly (string)[];
      /** By id of the variation. */
      messages: {
        [name: string]: {
          channel: string;
          name: string;
          /** Its share of the people. */
          weight?: number;
        };
      };
      /** The share of the people who get nothing. */
      control_share?: number;
      conversion_behaviors: readonly ({
        [name: string]: unknown;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read what a campaign has sent, by day */
  "GET /campaigns/data_series": {
    input: {
      query: {
        /** Id of the campaign. */
        campaign_id: string;
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
      };
    };
    answer: {
      /** Oldest first. */
      data: readonly ({
        /** The day, as `YYYY-MM-DD`. */
        time: string;
        /** Counters of each variation, by channel. */
        messages: {
          [name: string]: readonly ({
            variation_api_id: string;
            [name: string]: unknown;
          })[];
        };
        conversions_by_send_time: number;
        conversions: number;
        unique_recipients: number;
        revenue: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Create an id under which sends of a campaign are counted apart */
  "POST /sends/id/create": {
    input: {
      body: {
        /** Id of an API campaign. */
        campaign_id: string;
        /** Default: the server makes one. */
        send_id?: string;
      };
    };
    answer: {
      send_id: string;
      /** `success`. */
      message: string;
    };
  };
  /** Read what was sent under a send id, by day */
  "GET /sends/data_series": {
    input: {
      query: {
        /** Id of the campaign. */
        campaign_id: string;
        /** The send id. */
        send_id: string;
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
      };
    };
    answer: {
      /** Oldest first. */
      data: readonly ({
        /** The day, as `YYYY-MM-DD`. */
        time: string;
        /** Counters of each variation, by channel. */
        messages: {
          [name: string]: readonly ({
            variation_name: string;
            [name: string]: unknown;
          })[];
        };
        conversions_by_send_time: number;
        conversions: number;
        unique_recipients: number;
        revenue: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** List segments */
  "GET /segments/list": {
    input: {
      query?: {
        /** The page, from 0. */
        page?: number;
        /** The order. */
        sort_direction?: "asc" | "desc";
      };
    };
    answer: {
      segments: readonly ({
        id: string;
        name: string;
        analytics_tracking_enabled: boolean;
        /** Tags. */
        tags: readonly (string)[];
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read whom a segment describes */
  "GET /segments/details": {
    input: {
      query: {
        /** Id of the segment. */
        segment_id: string;
      };
    };
    answer: {
      name: string;
      /** The filter in words. */
      description: string;
      text_description: string;
      /** Tags. */
      tags: readonly (string)[];
      teams: readonly (string)[];
      created_at: string;
      updated_at: string;
      /** `success`. */
      message: string;
    };
  };
  /** Read the size of a segment, by day */
  "GET /segments/data_series": {
    input: {
      query: {
        /** Id of the segment. */
        segment_id: string;
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
      };
    };
    answer: {
      data: readonly ({
        time: string;
        size: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** List the names of custom events */
  "GET /events/list": {
    input: {
      query?: {
        /** The page, from 0. */
        page?: number;
      };
    };
    answer: {
      /** At most 250 names, in order. */
      events: readonly (string)[];
      /** `success`. */
      message: string;
    };
  };
  /** List the ids of products */
  "GET /purchases/product_list": {
    input: {
      query?: {
        /** The page, from 0. */
        page?: number;
      };
    };
    answer: {
      /** At most 250 names, in order. */
      products: readonly (string)[];
      /** `success`. */
      message: string;
    };
  };
  /** List custom events */
  "GET /events": {
    input: {
      query?: {
        /** The `cursor` in the header `Link` of another page. */
        cursor?: string;
      };
    };
    answer: {
      /** At most 50. */
      events: readonly ({
        name: string;
        description: string | null;
        included_in_analytics_report: boolean;
        status: "Active";
        /** Tags. */
        tag_names: readonly (string)[];
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** List custom attributes */
  "GET /custom_attributes": {
    input: {
      query?: {
        /** The `cursor` in the header `Link` of another page. */
        cursor?: string;
      };
    };
    answer: {
      /** At most 50. */
      attributes: readonly ({
        /** Most elements of an array. null: it is no array. */
        array_length: number | null;
        /** Such as `String (Automatically Detected)`. */
        data_type: string;
        description: string | null;
        name: string;
        status: "Active" | "Blocklisted";
        /** Tags. */
        tag_names: readonly (string)[];
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Block custom attributes, or take them off the blocklist */
  "POST /custom_attributes/blocklist": {
    input: {
      body: {
        /** At most 100. */
        custom_attribute_names: readonly (string)[];
        /** Whether to block them. */
        blocklisted: boolean;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Read how often a custom event happened */
  "GET /events/data_series": {
    input: {
      query: {
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
        /** Name of the event. */
        event: string;
        /** The step. Default: `day`. */
        unit?: "day" | "hour";
        /** Only what happened in this app. */
        app_id?: string;
        /** A segment. Its numbers are not kept, so the series is empty. */
        segment_id?: string;
      };
    };
    answer: {
      /** Oldest first. */
      data: readonly ({
        /** The day as `YYYY-MM-DD`, or the beginning of the hour. */
        time: string;
        count: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read how many purchases there were */
  "GET /purchases/quantity_series": {
    input: {
      query: {
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
        /** Id of the product. Default: all. */
        product?: string;
        /** The step. Default: `day`. */
        unit?: "day" | "hour";
        /** Only what happened in this app. */
        app_id?: string;
      };
    };
    answer: {
      /** Oldest first. */
      data: readonly ({
        /** The day as `YYYY-MM-DD`, or the beginning of the hour. */
        time: string;
        purchase_quantity: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read the revenue of purchases */
  "GET /purchases/revenue_series": {
    input: {
      query: {
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
        /** Id of the product. Default: all. */
        product?: string;
        /** The step. Default: `day`. */
        unit?: "day" | "hour";
        /** Only what happened in this app. */
        app_id?: string;
      };
    };
    answer: {
      /** Oldest first. */
      data: readonly ({
        /** The day as `YYYY-MM-DD`, or the beginning of the hour. */
        time: string;
        revenue: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read how many sessions there were */
  "GET /sessions/data_series": {
    input: {
      query: {
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
        /** The step. Default: `day`. */
        unit?: "day" | "hour";
        /** Only what happened in this app. */
        app_id?: string;
        /** A segment. Its numbers are not kept, so the series is empty. */
        segment_id?: string;
      };
    };
    answer: {
      /** Oldest first. */
      data: readonly ({
        /** The day as `YYYY-MM-DD`, or the beginning of the hour. */
        time: string;
        sessions: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read how many people are new */
  "GET /kpi/new_users/data_series": {
    input: {
      query: {
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
        /** Only what happened in this app. */
        app_id?: string;
      };
    };
    answer: {
      /** Oldest first. */
      data: readonly ({
        /** The day as `YYYY-MM-DD`, or the beginning of the hour. */
        time: string;
        new_users: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read how many apps were uninstalled */
  "GET /kpi/uninstalls/data_series": {
    input: {
      query: {
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
        /** Only what happened in this app. */
        app_id?: string;
      };
    };
    answer: {
      /** Oldest first. */
      data: readonly ({
        /** The day as `YYYY-MM-DD`, or the beginning of the hour. */
        time: string;
        uninstalls: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read how many people were active on a day */
  "GET /kpi/dau/data_series": {
    input: {
      query: {
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
        /** Only what happened in this app. */
        app_id?: string;
      };
    };
    answer: {
      /** Oldest first. */
      data: readonly ({
        /** The day as `YYYY-MM-DD`, or the beginning of the hour. */
        time: string;
        dau: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read how many people were active in the 30 days that end with a day */
  "GET /kpi/mau/data_series": {
    input: {
      query: {
        /** Days or hours of the series. */
        length: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
        /** Only what happened in this app. */
        app_id?: string;
      };
    };
    answer: {
      /** Oldest first. */
      data: readonly ({
        /** The day as `YYYY-MM-DD`, or the beginning of the hour. */
        time: string;
        mau: number;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** List Canvases, which stand for campaigns */
  "GET /canvas/list": {
    input: {
      query?: {
        /** The page, from 0. */
        page?: number;
        /** Whether archived ones are listed. Default: no. */
        include_archived?: boolean;
        /** The order. */
        sort_direction?: "asc" | "desc";
        /** Only those that were changed after this time. */
        "last_edit.time[gt]"?: string;
      };
    };
    answer: {
      canvases: readonly ({
        id: string;
        last_edited: string;
        name: string;
        /** Tags. */
        tags: readonly (string)[];
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read what a Canvas consists of: one variant with one step */
  "GET /canvas/details": {
    input: {
      query: {
        /** Id of a Canvas, or of an API-triggered campaign. */
        canvas_id: string;
        /** There are no drafts. */
        post_launch_draft_version?: boolean;
        /** Whether `has_translatable_content` is told. */
        include_has_translatable_content?: boolean;
      };
    };
    answer: {
      created_at: string;
      updated_at: string;
      name: string;
      description: string;
      archived: boolean;
      draft: boolean;
      enabled: boolean;
      has_post_launch_draft: boolean;
      /** Always `api_trigger`. */
      schedule_type: string;
      first_entry: string | null;
      last_entry: string | null;
      channels: readonly (string)[];
      variants: readonly ({
        name: string;
        id: string;
        first_step_ids: readonly (string)[];
        first_step_id: string;
      })[];
      /** Tags. */
      tags: readonly (string)[];
      teams: readonly (string)[];
      steps: readonly ({
        name: string;
        /** Always `message`. */
        type: string;
        id: string;
        next_step_ids: readonly (string)[];
        next_paths: readonly ({
          [name: string]: unknown;
        })[];
        channels: readonly (string)[];
        messages: {
          [name: string]: {
            channel: string;
          };
        };
      })[];
      /** Always false. */
      has_translatable_content?: boolean;
      /** `success`. */
      message: string;
    };
  };
  /** Read what a Canvas has sent, by day */
  "GET /canvas/data_series": {
    input: {
      query: {
        /** Id of a Canvas, or of an API-triggered campaign. */
        canvas_id: string;
        /** Days of the series. Required without `starting_at`. */
        length?: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
        /** The first day. It wins over `length`. */
        starting_at?: string;
        /** Whether variants are listed. */
        include_variant_breakdown?: boolean;
        /** Whether steps are listed. */
        include_step_breakdown?: boolean;
        /** There are no deleted steps. */
        include_deleted_step_data?: boolean;
      };
    };
    answer: {
      data: {
        name: string;
        stats: readonly ({
          time: string;
          total_stats: {
            revenue: number;
            conversions: number;
            conversions_by_entry_time: number;
            /** People who entered. */
            entries: number;
          };
          /** By variant. */
          variant_stats?: {
            [name: string]: {
              name: string;
              revenue: number;
              conversions: number;
              conversions_by_entry_time: number;
              entries: number;
            };
          };
          /** By step. */
          step_stats?: {
            [name: string]: {
              name: string;
              revenue: number;
              conversions: number;
              conversions_by_entry_time: number;
              messages: {
                [name: string]: readonly ({
                  variation_api_id: string;
                  [name: string]: unknown;
                })[];
              };
            };
          };
        })[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Read what a Canvas has sent, all days together */
  "GET /canvas/data_summary": {
    input: {
      query: {
        /** Id of a Canvas, or of an API-triggered campaign. */
        canvas_id: string;
        /** Days of the series. Required without `starting_at`. */
        length?: number;
        /** The end of the series. Default: now. */
        ending_at?: string;
        /** The first day. It wins over `length`. */
        starting_at?: string;
        /** Whether variants are listed. */
        include_variant_breakdown?: boolean;
        /** Whether steps are listed. */
        include_step_breakdown?: boolean;
        /** There are no deleted steps. */
        include_deleted_step_data?: boolean;
      };
    };
    answer: {
      data: {
        name: string;
        total_stats?: {
          revenue: number;
          conversions: number;
          conversions_by_entry_time: number;
          entries: number;
        };
        /** By variant. */
        variant_stats?: {
          [name: string]: {
            name: string;
            revenue: number;
            conversions: number;
            conversions_by_entry_time: number;
            entries: number;
          };
        };
        /** By step. */
        step_stats?: {
          [name: string]: {
            name: string;
            revenue: number;
            conversions: number;
            conversions_by_entry_time: number;
            messages: {
              [name: string]: readonly ({
                variation_api_id: string;
                [name: string]: unknown;
              })[];
            };
          };
        };
      };
      /** `success`. */
      message: string;
    };
  };
  /** List cards of the News Feed: always none */
  "GET /feed/list": {
    input: {
      query?: {
        /** The page, from 0. */
        page?: number;
        /** Whether archived ones are listed. Default: no. */
        include_archived?: boolean;
        /** The order. */
        sort_direction?: "asc" | "desc";
        /** Only those that were changed after this time. */
        "last_edit.time[gt]"?: string;
      };
    };
    answer: {
      cards: readonly ({
        [name: string]: unknown;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read a card: always refused */
  "GET /feed/details": {
    input: {
      query: {
        /** The card. There are none, so each id is refused. */
        card_id: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Read the series of a card: always refused */
  "GET /feed/data_series": {
    input: {
      query: {
        /** The card. There are none, so each id is refused. */
        card_id: string;
        /** Days or hours of the series. */
        length?: number;
        /** The step. */
        unit?: "day" | "hour";
        /** The end of the series. */
        ending_at?: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** List preference centers */
  "GET /preference_center/v1/list": {
    input: Record<string, never>;
    answer: {
      preference_centers: readonly ({
        name: string;
        preference_center_api_id: string;
        created_at: string;
        updated_at: string;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read a preference center */
  "GET /preference_center/v1/{preference_center_id}": {
    input: {
      path: {
        /** Id of the preference center. */
        preference_center_id: string;
      };
    };
    answer: {
      name: string;
      preference_center_api_id: string;
      created_at: string;
      updated_at: string;
      preference_center_title: string;
      preference_center_page_html: string;
      confirmation_page_html: string;
      /** Always null. */
      redirect_page_html: string | null;
      preference_center_options: {
        [name: string]: unknown;
      };
      /** Default: `active`. Nobody may open a draft. */
      state: "active" | "draft";
      /** `success`. */
      message: string;
    };
  };
  /** Replace the texts of a preference center */
  "PUT /preference_center/v1/{preference_center_id}": {
    input: {
      path: {
        /** Id of the preference center. */
        preference_center_id: string;
      };
      body: {
        /** Title of the page. Default: `Preference Center`. */
        preference_center_title?: string;
        /** Default: `active`. Nobody may open a draft. */
        state?: "active" | "draft";
        options?: {
          "meta-viewport-content"?: string;
          /** Elements `link` in the head of the page. */
          "links-tags"?: readonly ({
            rel: "icon" | "shortcut icon" | "apple-touch-icon";
            /** A URL with https. */
            href: string;
            type?: "image/png" | "image/svg" | "image/gif" | "image/x-icon" | "image/svg+xml" | "mask-icon";
            sizes?: string;
            color?: string;
          })[];
          /** Elements `link` in the head of the page. */
          "link-tags"?: readonly ({
            rel: "icon" | "shortcut icon" | "apple-touch-icon";
            /** A URL with https. */
            href: string;
            type?: "image/png" | "image/svg" | "image/gif" | "image/x-icon" | "image/svg+xml" | "mask-icon";
            sizes?: string;
            color?: string;
          })[];
        };
        /** The page, as a template, of at most 400 KiB. */
        preference_center_page_html: string;
        /** The page after the choice, as a template, of at most 400 KiB. */
        confirmation_page_html: string;
      };
    };
    answer: {
      preference_center_api_id: string;
      created_at: string;
      updated_at: string;
      /** `success`. */
      message: string;
    };
  };
  /** Replace the texts of a preference center, by another method */
  "POST /preference_center/v1/{preference_center_id}": {
    input: {
      path: {
        /** Id of the preference center. */
        preference_center_id: string;
      };
      body: {
        /** Title of the page. Default: `Preference Center`. */
        preference_center_title?: string;
        /** Default: `active`. Nobody may open a draft. */
        state?: "active" | "draft";
        options?: {
          "meta-viewport-content"?: string;
          /** Elements `link` in the head of the page. */
          "links-tags"?: readonly ({
            rel: "icon" | "shortcut icon" | "apple-touch-icon";
            /** A URL with https. */
            href: string;
            type?: "image/png" | "image/svg" | "image/gif" | "image/x-icon" | "image/svg+xml" | "mask-icon";
            sizes?: string;
            color?: string;
          })[];
          /** Elements `link` in the head of the page. */
          "link-tags"?: readonly ({
            rel: "icon" | "shortcut icon" | "apple-touch-icon";
            /** A URL with https. */
            href: string;
            type?: "image/png" | "image/svg" | "image/gif" | "image/x-icon" | "image/svg+xml" | "mask-icon";
            sizes?: string;
            color?: string;
          })[];
        };
        /** The page, as a template, of at most 400 KiB. */
        preference_center_page_html: string;
        /** The page after the choice, as a template, of at most 400 KiB. */
        confirmation_page_html: string;
      };
    };
    answer: {
      preference_center_api_id: string;
      created_at: string;
      updated_at: string;
      /** `success`. */
      message: string;
    };
  };
  /** Read the address of a person’s page */
  "GET /preference_center/v1/{preference_center_id}/url/{external_id}": {
    input: {
      path: {
        /** Id of the preference center. */
        preference_center_id: string;
        /** The external id. */
        external_id: string;
      };
    };
    answer: {
      /** The page. */
      preference_center_url: string;
      /** `success`. */
      message: string;
    };
  };
  /** Create a preference center: a page on which people choose what they get */
  "POST /preference_center/v1": {
    input: {
      body: {
        /** Letters, digits, `-` and `_`. */
        name: string;
        /** Title of the page. Default: `Preference Center`. */
        preference_center_title?: string;
        /** Default: `active`. Nobody may open a draft. */
        state?: "active" | "draft";
        options?: {
          "meta-viewport-content"?: string;
          /** Elements `link` in the head of the page. */
          "links-tags"?: readonly ({
            rel: "icon" | "shortcut icon" | "apple-touch-icon";
            /** A URL with https. */
            href: string;
            type?: "image/png" | "image/svg" | "image/gif" | "image/x-icon" | "image/svg+xml" | "mask-icon";
            sizes?: string;
            color?: string;
          })[];
          /** Elements `link` in the head of the page. */
          "link-tags"?: readonly ({
            rel: "icon" | "shortcut icon" | "apple-touch-icon";
            /** A URL with https. */
            href: string;
            type?: "image/png" | "image/svg" | "image/gif" | "image/x-icon" | "image/svg+xml" | "mask-icon";
            sizes?: string;
            color?: string;
          })[];
        };
        /** The page, as a template, of at most 400 KiB. */
        preference_center_page_html: string;
        /** The page after the choice, as a template, of at most 400 KiB. */
        confirmation_page_html: string;
      };
    };
    answer: {
      preference_center_api_id: string;
      liquid_tag: string;
      created_at: string;
      /** `success`. */
      message: string;
    };
  };
  /** Store a file, to be shown in messages */
  "POST /media_library/create": {
    input: {
      body: {
        /** A public address, from which the file is fetched once. */
        asset_url?: string;
        /** The base64 of the file. */
        asset_file?: string;
        /** Default: the name of the file. For a zip: what its files are called, before a running number. */
        name?: string;
      };
    };
    answer: {
      new_assets: readonly ({
        name: string;
        /** In bytes. */
        size: number;
        /** Where everybody finds the file. */
        url: string;
        /** What the bytes are, such as `png`. */
        ext: string;
        asset_id: string;
      })[];
      /** The files of a zip that are left out. */
      errors: readonly ({
        name: string;
        /** In bytes. Of one that is too large: what was read of it. */
        size: number;
        /** What its name says. null: nothing. */
        ext: string | null;
        /** `UNSUPPORTED_FILE_TYPE` or `ASSET_SIZE_EXCEEDS_LIMIT`. */
        error: string;
      })[];
      /** The address of the list. */
      dashboard_url: string;
      /** `success`. */
      message: string;
    };
  };
  /** List the files of the media library */
  "GET /media_library/list": {
    input: {
      query?: {
        /** The page, from 0. */
        page?: number;
      };
    };
    answer: {
      /** At most 100, newest first. */
      assets: readonly ({
        name: string;
        /** In bytes. */
        size: number;
        /** Where everybody finds the file. */
        url: string;
        /** What the bytes are, such as `png`. */
        ext: string;
        asset_id: string;
        created_at: string;
      })[];
      /** Of all pages. */
      total_count: number;
      /** Bytes of all files. */
      total_size: number;
      /** `success`. */
      message: string;
    };
  };
  /** Give a stored file other bytes */
  "PUT /media_library/replace_file": {
    input: {
      body: {
        /** The file to replace. */
        asset_id: string;
        /** A public address, from which the new file is fetched once. */
        asset_url?: string;
        /** The base64 of the new file. */
        asset_file?: string;
      };
    };
    answer: {
      info: string;
      new_image_asset: {
        name: string;
        /** In bytes. */
        size: number;
        /** Where everybody finds the file. */
        url: string;
        /** What the bytes are, such as `png`. */
        ext: string;
        asset_id: string;
      };
      /** `success`. */
      message: string;
    };
  };
  /** List catalogs */
  "GET /catalogs": {
    input: Record<string, never>;
    answer: {
      catalogs: readonly ({
        description: string;
        fields: readonly ({
          name: string;
          /** The id of the field. */
          token: string;
          type: "string" | "number" | "boolean" | "time" | "object" | "array" | "geo";
        })[];
        name: string;
        /** Always `Braze`, as in the original. */
        source: string;
        num_items: number;
        /** Bytes of the items. */
        storage_size: number;
        /** Bytes of the selections. */
        selections_size: number;
        updated_at: string;
        selections: readonly ({
          name: string;
          description: string | null;
          external_id: string | null;
          source: string | null;
          filters: readonly ({
            field: string;
            operator: string;
            value: unknown;
          })[];
          results_limit: number;
          sort_field: string | null;
          sort_order: string | null;
        })[];
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Create a catalog */
  "POST /catalogs": {
    input: {
      body: {
        /** One catalog. */
        catalogs: readonly ({
          /** Name of the catalog: letters, digits, `-` and `_`. */
          name: string;
          /** A note. */
          description?: string;
          /** The first is `id`, a string. */
          fields: readonly ({
            /** Name of the field: letters, digits, `-` and `_`. */
            name: string;
            /** Type of the values. */
            type: "string" | "number" | "boolean" | "time" | "object" | "array" | "geo";
          })[];
        })[];
      };
    };
    answer: {
      catalogs: readonly ({
        description: string;
        fields: readonly ({
          name: string;
          /** The id of the field. */
          token: string;
          type: "string" | "number" | "boolean" | "time" | "object" | "array" | "geo";
        })[];
        name: string;
        /** Always `Braze`, as in the original. */
        source: string;
        num_items: number;
        /** Bytes of the items. */
        storage_size: number;
        /** Bytes of the selections. */
        selections_size: number;
        updated_at: string;
        selections: readonly ({
          name: string;
          description: string | null;
          external_id: string | null;
          source: string | null;
          filters: readonly ({
            field: string;
            operator: string;
            value: unknown;
          })[];
          results_limit: number;
          sort_field: string | null;
          sort_order: string | null;
        })[];
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read a catalog */
  "GET /catalogs/{catalog_name}": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
      };
    };
    answer: {
      catalogs: readonly ({
        description: string;
        fields: readonly ({
          name: string;
          /** The id of the field. */
          token: string;
          type: "string" | "number" | "boolean" | "time" | "object" | "array" | "geo";
        })[];
        name: string;
        /** Always `Braze`, as in the original. */
        source: string;
        num_items: number;
        /** Bytes of the items. */
        storage_size: number;
        /** Bytes of the selections. */
        selections_size: number;
        updated_at: string;
        selections: readonly ({
          name: string;
          description: string | null;
          external_id: string | null;
          source: string | null;
          filters: readonly ({
            field: string;
            operator: string;
            value: unknown;
          })[];
          results_limit: number;
          sort_field: string | null;
          sort_order: string | null;
        })[];
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Delete a catalog and its items */
  "DELETE /catalogs/{catalog_name}": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Create items */
  "POST /catalogs/{catalog_name}/items": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
      };
      body: {
        /** Each with the values of its fields. Fields that the catalog does not have are refused. */
        items: readonly ({
          /** Id of the item: letters, digits, `-` and `_`. */
          id: string;
          [name: string]: unknown;
        })[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Change items */
  "PATCH /catalogs/{catalog_name}/items": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
      };
      body: {
        /** Each with the values of its fields. Fields that the catalog does not have are refused. */
        items: readonly ({
          /** Id of the item: letters, digits, `-` and `_`. */
          id: string;
          [name: string]: unknown;
        })[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Replace items */
  "PUT /catalogs/{catalog_name}/items": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
      };
      body: {
        /** Each with the values of its fields. Fields that the catalog does not have are refused. */
        items: readonly ({
          /** Id of the item: letters, digits, `-` and `_`. */
          id: string;
          [name: string]: unknown;
        })[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Delete items */
  "DELETE /catalogs/{catalog_name}/items": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
      };
      body: {
        /** Ids of items. */
        items: readonly ({
          /** Id of the item: letters, digits, `-` and `_`. */
          id: string;
        })[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** List items, 50 at a time */
  "GET /catalogs/{catalog_name}/items": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
      };
      query?: {
        /** The `cursor` in the header `Link` of another page. */
        cursor?: string;
      };
    };
    answer: {
      items: readonly ({
        [name: string]: unknown;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Read an item */
  "GET /catalogs/{catalog_name}/items/{item_id}": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
        /** Id of the item: letters, digits, `-` and `_`. */
        item_id: string;
      };
    };
    answer: {
      items: readonly ({
        [name: string]: unknown;
      })[];
      /** `success`. */
      message: string;
    };
  };
  /** Create an item */
  "POST /catalogs/{catalog_name}/items/{item_id}": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
        /** Id of the item: letters, digits, `-` and `_`. */
        item_id: string;
      };
      body: {
        /** Each with the values of its fields. Fields that the catalog does not have are refused. */
        items: readonly ({
          [name: string]: unknown;
        })[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Change an item */
  "PATCH /catalogs/{catalog_name}/items/{item_id}": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
        /** Id of the item: letters, digits, `-` and `_`. */
        item_id: string;
      };
      body: {
        /** Each with the values of its fields. Fields that the catalog does not have are refused. */
        items: readonly ({
          [name: string]: unknown;
        })[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Replace an item */
  "PUT /catalogs/{catalog_name}/items/{item_id}": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
        /** Id of the item: letters, digits, `-` and `_`. */
        item_id: string;
      };
      body: {
        /** Each with the values of its fields. Fields that the catalog does not have are refused. */
        items: readonly ({
          [name: string]: unknown;
        })[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Delete an item */
  "DELETE /catalogs/{catalog_name}/items/{item_id}": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
        /** Id of the item: letters, digits, `-` and `_`. */
        item_id: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Add fields to a catalog */
  "POST /catalogs/{catalog_name}/fields": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
      };
      body: {
        /** New fields. */
        fields: readonly ({
          /** Name of the field: letters, digits, `-` and `_`. */
          name: string;
          /** Type of the values. */
          type: "string" | "number" | "boolean" | "time" | "object" | "array" | "geo";
        })[];
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Delete a field of a catalog */
  "DELETE /catalogs/{catalog_name}/fields/{field_name}": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
        /** Name of the field: letters, digits, `-` and `_`. */
        field_name: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Create a selection of items */
  "POST /catalogs/{catalog_name}/selections": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
      };
      body: {
        selection: {
          /** Name of the selection: letters, digits, `-` and `_`. */
          name: string;
          /** A note of at most 1,000 characters. */
          description?: string;
          /** An id of yours. */
          external_id?: string;
          source?: "Braze" | "Shopify";
          /** All of them must hold. */
          filters: readonly ({
            /** Name of the field. */
            field: string;
            /** Such as `equals`. Each type has its own. */
            operator: string;
            /** What to compare with. It may be a template. */
            value: unknown;
          })[];
          /** Most items. */
          results_limit: number;
          /** Name of a field. Default: in no order. */
          sort_field?: string;
          sort_order?: "asc" | "desc";
        };
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Delete a selection */
  "DELETE /catalogs/{catalog_name}/selections/{selection_name}": {
    input: {
      path: {
        /** Name of the catalog: letters, digits, `-` and `_`. */
        catalog_name: string;
        /** Name of the selection: letters, digits, `-` and `_`. */
        selection_name: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
  /** Count whom a segment or an audience describes */
  "POST /audience/preview": {
    input: {
      body: {
        /** Id of a segment. */
        segment_id?: string;
        /** The draft of a segment, in the place of `segment_id`. */
        filter?: {
          [name: string]: unknown;
        };
        audience?: Audience;
        /** As in a send. */
        recipient_subscription_state?: "opted_in" | "subscribed" | "all";
        /** The channels to count for. Default: all that need no group. */
        channels?: readonly ("android_push" | "apple_push" | "content_card" | "email" | "kindle_push" | "sms" | "web_push" | "webhook" | "whats_app")[];
        /** The groups whose members count. */
        subscription_group_ids?: {
          /** Id of a group for SMS. */
          sms?: string;
          /** Id of a group for WhatsApp. */
          whats_app?: string;
        };
      };
    };
    answer: {
      /** People who are described. */
      count: number;
      /** How many of them each channel reaches. */
      reachable: {
        [name: string]: number;
      };
      /** The first twenty. */
      sample: readonly ({
        /** The external id. null: the person has none, or is gone. */
        external_id: string | null;
        /** The id that the server gave. null: the person is gone. */
        braze_id: string | null;
        first_name: string | null;
        country: string | null;
        language: string | null;
        email_subscribe: string;
        push_subscribe: string;
      })[];
      /** Milliseconds. */
      took_ms: number;
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Say why a person is, or is not, in a segment or an audience */
  "POST /audience/explain": {
    input: {
      body: {
        /** Id of a segment. */
        segment_id?: string;
        /** The draft of a segment, in the place of `segment_id`. */
        filter?: {
          [name: string]: unknown;
        };
        audience?: Audience;
        /** The person with this external id. */
        external_id?: string;
        /** The person with this alias. */
        user_alias?: {
          /** The name, of at most 236 bytes. */
          alias_name: string;
          /** The label, of at most 236 bytes. */
          alias_label: string;
        };
        /** The person with this id of the server. */
        braze_id?: string;
      };
    };
    answer: {
      /** The external id. null: the person has none, or is gone. */
      external_id: string | null;
      /** The id that the server gave. null: the person is gone. */
      braze_id: string | null;
      evaluated_at: string;
      targeted: boolean;
      reason: "not_in_segment" | "not_in_audience" | null;
      /** The filter that said no, and what it found. */
      detail: string | null;
      /** What each filter of the segment found. */
      segment?: unknown;
      /** What each filter of the draft found. */
      filter?: unknown;
      /** What each filter of the audience found. */
      audience?: unknown;
      /** What only Cresset says. */
      cresset?: {
        /** What was ignored or changed. */
        warnings: readonly (string)[];
      };
      /** `success`. */
      message: string;
    };
  };
  /** Export the people of a segment to a file */
  "POST /users/export/segment": {
    input: {
      body: {
        /** Id of the segment. */
        segment_id: string;
        /** Names such as apps, attributed_campaign, attributed_source, attributed_adgroup, attributed_ad, braze_id. Others are ignored. */
        fields_to_export: readonly (string)[];
        /** Custom attributes. Default: those that the fields ask for. */
        custom_attributes_to_export?: readonly (string)[];
        /** URL to call when the file is there. */
        callback_endpoint?: string;
        /** Default: `zip`. */
        output_format?: "zip" | "gzip";
      };
    };
    answer: {
      object_prefix: string;
      /** Where the file will be, for four hours. */
      url: string;
      /** `success`. */
      message: string;
    };
  };
  /** Cancel the exports of a segment */
  "POST /export/segment/cancel": {
    input: {
      body: {
        /** Id of the segment. */
        segment_id: string;
      };
    };
    answer: {
      /** `success`. */
      message: string;
    };
  };
}

/** Operations that know the header `Idempotency-Key`. */
export const takesIdempotencyKey: ReadonlySet<string> = new Set([
  "POST /messages/send",
  "POST /campaigns/trigger/send",
  "POST /canvas/trigger/send",
  "POST /dispatches",
]);

/** Operations whose body is a JSON object on each line. */
export const takesLines: ReadonlySet<string> = new Set([
  "POST /dispatches",
]);
