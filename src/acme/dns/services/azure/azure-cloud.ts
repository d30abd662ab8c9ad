/** One of Azure's separate worlds: where it signs in, and where it is managed. */
export interface AzureCloud {
  readonly login: string;
  readonly management: string;
}

/** By AZURE_ENVIRONMENT. */
export const AZURE_CLOUDS: Readonly<Record<string, AzureCloud>> = {
  public: {
    login: "https://login.microsoftonline.com",
    management: "https://management.azure.com",
  },
  usgovernment: {
    login: "https://login.microsoftonline.us",
    management: "https://management.usgovcloudapi.net",
  },
  china: {
    login: "https://login.chinacloudapi.cn",
    management: "https://management.chinacloudapi.cn",
  },
};
