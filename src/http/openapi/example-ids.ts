/** The ids in examples. Those that a server chooses stand for one that it chose. */
export const exampleIds = {
  app: '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11',
  webApp: '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12',
  segment: '4d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11',
  emailGroup: '1d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11',
  smsGroup: '2d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11',
  whatsAppGroup: '2d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12',
  person: '69b6c000a500000000000001',
  dispatch: '0199f3a2b4c57d8e9f00112233445566',
  schedule: '0199f3a2-b4c5-7d8e-9f00-112233445567',
  emailTemplate: '0199f3a2-b4c5-7d8e-9f00-112233445568',
  contentBlock: '0199f3a2-b4c5-7d8e-9f00-112233445569',
  key: '0199f3a2-b4c5-7d8e-9f00-11223344556b',
  view: '0199f3a2-b4c5-4d8e-9f00-11223344556c',
  mediaFile: '0199f3a2-b4c5-7d8e-9f00-11223344556b',
  preferenceCenter: '0199f3a2-b4c5-7d8e-9f00-11223344556a',
} as const;
