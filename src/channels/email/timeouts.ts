/** How long a relay may take, in milliseconds: to let us connect, to greet us, and to answer later. */
export const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 60_000 };
