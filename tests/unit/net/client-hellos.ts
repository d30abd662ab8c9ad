import type { ClientHello } from "../../../src/net/client-hello.ts";

/**
 * Whole ClientHellos with their record headers, recorded from the programs themselves. Safari's
 * and the older browsers' are uTLS 1.8.1's, which sends what they send, bytes of chance apart.
 */
export const CLIENT_HELLOS: readonly {
  readonly client: string;
  readonly bytes: Uint8Array;
  readonly expected: ClientHello;
}[] = [
  {
    client: "curl 7.88 with OpenSSL 3.0",
    bytes: Uint8Array.fromBase64(
      "FgMBAgABAAH8AwPsqoKYspfV3sbA9uXMJ3JSaTWwuk+7v+MAT+FzTUtNpSBiCabf2XSk7ieZzGMtAP7Y1C6wsx31nF" +
        "7d8rrdUtrmcQA+EwITAxMBwCzAMACfzKnMqMyqwCvALwCewCTAKABrwCPAJwBnwArAFAA5wAnAEwAzAJ0AnAA9ADwA" +
        "NQAvAP8BAAF1AAAAFAASAAAPd3d3LmV4YW1wbGUuY29tAAsABAMAAQIACgAWABQAHQAXAB4AGQAYAQABAQECAQMBBA" +
        "AQAA4ADAJoMghodHRwLzEuMQAWAAAAFwAAADEAAAANACoAKAQDBQMGAwgHCAgICQgKCAsIBAgFCAYEAQUBBgEDAwMB" +
        "AwIEAgUCBgIAKwAJCAMEAwMDAgMBAC0AAgEBADMAJgAkAB0AIP4V83exjOj/U/C6Rb697kWTt4aB0VGVAg9iLKyapp" +
        "00ABUArgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
    ),
    expected: {
      serverName: "www.example.com",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x0304, 0x0303, 0x0302, 0x0301],
    },
  },
  {
    client: "openssl s_client 3.0, a name in capitals",
    bytes: Uint8Array.fromBase64(
      "FgMBAU4BAAFKAwM4+ZfKHOSXLnjqWcI97DoaJgKq9Z/8SQREk4NbGcZE4iD59YaxB7R8bo4Jv/+i5N21TvchfMrZGv" +
        "mE57DUjJZyzQA+EwITAxMBwCzAMACfzKnMqMyqwCvALwCewCTAKABrwCPAJwBnwArAFAA5wAnAEwAzAJ0AnAA9ADwA" +
        "NQAvAP8BAADDAAAAFAASAAAPV3d3LkV4YW1wbGUuQ09NAAsABAMAAQIACgAWABQAHQAXAB4AGQAYAQABAQECAQMBBA" +
        "AjAAAAEAAOAAwCaDIIaHR0cC8xLjEAFgAAABcAAAANACoAKAQDBQMGAwgHCAgICQgKCAsIBAgFCAYEAQUBBgEDAwMB" +
        "AwIEAgUCBgIAKwAJCAMEAwMDAgMBAC0AAgEBADMAJgAkAB0AIBrwbk7jco/7TcGob+rmcqrqTl/3tEbFhzHRagFW0Y" +
        "kk",
    ),
    expected: {
      serverName: "www.example.com",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x0304, 0x0303, 0x0302, 0x0301],
    },
  },
  {
    client: "openssl s_client 3.0, TLS 1.2 without a name",
    bytes: Uint8Array.fromBase64(
      "FgMBALcBAACzAwOc4SuMZaBAkyLeow53Ide2KQBAY9KXd0CEiIYqKdAPuwAAOMAswDAAn8ypzKjMqsArwC8AnsAkwC" +
        "gAa8AjwCcAZ8AKwBQAOcAJwBMAMwCdAJwAPQA8ADUALwD/AQAAUgALAAQDAAECAAoADAAKAB0AFwAeABkAGAAjAAAA" +
        "FgAAABcAAAANACoAKAQDBQMGAwgHCAgICQgKCAsIBAgFCAYEAQUBBgEDAwMBAwIEAgUCBgI=",
    ),
    expected: { serverName: "", alpn: [], supportedVersions: [0x0303] },
  },
  {
    client: "openssl s_client 3.0, TLS 1.0",
    bytes: Uint8Array.fromBase64(
      "FgMBAHsBAAB3AwHskK45dwiFLozy5SBnPC/sfBXPCFBvQbtL5KXiVVVRHAAAEsAKwBQAOcAJwBMAMwA1AC8A/wEAAD" +
        "wAAAAUABIAAA9vbGQuZXhhbXBsZS5jb20ACwAEAwABAgAKAAwACgAdABcAHgAZABgAIwAAABYAAAAXAAA=",
    ),
    expected: { serverName: "old.example.com", alpn: [], supportedVersions: [0x0301] },
  },
  {
    client: "Bun 1.4 (BoringSSL, X25519MLKEM768)",
    bytes: Uint8Array.fromBase64(
      "FgMBBdcBAAXTAwPHBzqhuJljM9YL3YHeXxZmkJK/obHZSVVfec5hg3S/yiC0lmb62kcXW0IY0mYASZVBemC8MWx0Dt" +
        "MRv1b4hLLUzgAiEwETAhMDwCvAL8AswDDMqcyowAnAE8AKwBQAnACdAC8ANQEABWgAAAAOAAwAAAlsb2NhbGhvc3QA" +
        "FwAA/wEAAQAACgAKAAgR7AAdABcAGAALAAIBAAAjAAAAEAALAAkIaHR0cC8xLjEABQAFAQAAAAAADQAYABYEAwgEBA" +
        "EFAwgFBQEIBgYBCAcGAwIBABIAAAAzBOoE6BHsBMAZTHQ45oQPq3XsqVCnOcde0jaCuasrEr5NKUti4mRfG2Gy8hN5" +
        "wROE0VLQchyMFC37ZopHuBQ+88TwzKKyNU3W9CcZK4WenDKT1bn5CkVLKY2aURKsAoKgtVx+kDItFQshc6kX6RjSBm" +
        "hrx7V91W+Ck0XntiWG2rxOkboqKVVFXGIZnGog4D/JEZc/e7tOSIlN2Yhb96XV2pPayjrbJ18fSAaeM6NeoQmM9Ey+" +
        "l10FNihh4wOlapOX02Cz+Xg4ecgJlH1Od2e5abc9fHC9Q1Afg0bJTFLbKWaEyTvMeEy824Voyq1lwKXqRGc3EkEu2X" +
        "0jqyQ6IkR3AgRIUJRRV4Temaw3q26vczJ9VWq+YQhQmTpgIyL42hBxKsL/lYPdSK/+mcwJcSLQGS6IhEH2RmusqKlB" +
        "I1s1IKLvdXfqxLw6ZrifqwAREXJCoI5QYWaXdc33tWv0JHWIXHUVBw4WpB6S1G7fEwb/8ZkusK9vZr1wwWsV6sVbDL" +
        "oUYROtC5a57GhevEjBhMzxJrpwkGnOJLTcWTnOwhcKC2nnZwTUcleNKR0+K8gahGjxmjqzQxD+h44ECD01DJwMighr" +
        "u6ZnF8z5xkVCOLH1KbAGcxMx2st1S2UIiQMm9oKr1Ug3BViIgChkoUw1+qGJq8q0hmHDKzRe4ZiHQJIHOznwRn4+RK" +
        "c0MGwERnUxcFG1aGvg4Q4nA1nvIpEnCAUw+6hMUZOfIHGxY4Euujp9FkFS/C1m55jM4W3LORupog87ZjOTyaoPumh2" +
        "BiRmi7u5xomqCoaUAFnh9cc9EpVLq68uspDRlE1lYnQIK19lGsVVRKng1QptLIMpdTZctpQyjEXNPFybnFYHMhxfKq" +
        "IPSpE7ohpBVp01aFVY5YkuIZ9fACYRCVeLZlSGBxlUWMMOcYnJV13ARsfXeMM4ZjTga2kkqyCiBzz65Y6SDGPywoqV" +
        "qgN014SmeQ7xVaGpx5yq20WomlN+EBBqeX+TvCLsqRca2VlFtYLhlRAe+7/fIJtu7BF8s7LnBGUaoGekoWSpJbHMaj" +
        "cOs7OFZxLUqpCpi4abyIZuRLB7nCYamB2WQMf86H6z9qEBxQx20Cnfxze/sFGu07b104ok5af33JhUij3QFLh36RRG" +
        "9EX1VqtMis9oID9nUGzmlHgad2a4yZaZ1iWxBxUmHMYwqyw6K5mCQiUDRK/d4LsndnDWdCUMmyJe28r0Kr6RSylBRF" +
        "P9R0Rfs6ZV9z6MlsVRpAg5O6cke80pwW2k9homjBXoZLVPRYPG01zBizrhpClPqF30+qPBREoa2BwzHDYHYxtBN7o8" +
        "VURbxFrR+MHL7Czi+KyQKTGnbBOTpEGWzFJxKgVehcdd6ql8pTGlW0i+hW+Gk89O0LwCk6MCbIwFVc4vOV7U9qjw91" +
        "v3JnFvFsuy8n+j2apb00RSN65n2oNh6SI/ZVPqslA4YiwEhIg21bUAfMg0GIH118d2hMCzzCJAu4BNF7wLB3L/kb8F" +
        "FYie2sHGVn4cqTEYIQKa5Ap2uye1QhY7+CnOe1X+TFoUlaWBmY2MrsSJehsdF+PTLC+Y/lzhMNfMwjtktD52+Q994p" +
        "utAtXLEYw8xZdBNZKM64LebWtQEaDP3L40/ViQcLhtAB0AIHY8mRXyWTiNgFO3sESbgkUE7scSabBWLJ3taRGzLw0H" +
        "AC0AAgEBACsABQQDBAMD",
    ),
    expected: { serverName: "localhost", alpn: ["http/1.1"], supportedVersions: [0x0304, 0x0303] },
  },
  {
    client: "Deno 2.9 (rustls)",
    bytes: Uint8Array.fromBase64(
      "FgMBAP0BAAD5AwPQtM4LJvivk5pIkm1kADxmMVDXOGCmo72ED9lHxNrt7SCx4Lghyt/aCjjcPV5ykfOQfHsvBy7mMs" +
        "HJhyN/04PPGQAUEwITARMDwCzAK8ypwDDAL8yoAP8BAACcABcAAAANABYAFAUDBAMGAwgHCAYIBQgEBgEFAQQBACsA" +
        "BQQDBAMDAC0AAgEBAAsAAgEAAAUABQEAAAAAAAoACgAIAB0AFwAYEewAIwAAAAAADgAMAAAJbG9jYWxob3N0ADMAJg" +
        "AkAB0AIESXxmP3eC6HW01A0SSq1JeernbSThaHW49LNeQj2HYwABAADgAMAmgyCGh0dHAvMS4x",
    ),
    expected: {
      serverName: "localhost",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x0304, 0x0303],
    },
  },
  {
    client: "Go 1.26 (X25519MLKEM768)",
    bytes: Uint8Array.fromBase64(
      "FgMBBdMBAAXPAwPensrg3VSu/a6f5zNA+22+QSmIRfmdh5kfkLTgL8deziDXbLwWqoIs9ksIeeoEnpBWIyMV3sKu5N" +
        "7POgdLBN2jkQAawCvAL8AswDDMqcyowAnAE8AKwBQTARMCEwMBAAVsAAAAFQATAAAQc2hvcC5leGFtcGxlLmNvbQAL" +
        "AAIBAP8BAAEAABcAAAASAAAABQAFAQAAAAAACgAMAAoR7AAdABcAGAAZAA0AGgAYCAQEAwgHCAUIBgQBBQEGAQUDBg" +
        "MCAQIDABAADgAMAmgyCGh0dHAvMS4xACsABQQDBAMDADME6gToEewEwJh4KwNDWidEcSkAXZm6PWDbP0iAUursW9h5" +
        "upjJxirTSJ88N56MmUocMQFxBLCav6paXoYRwK6wg/aHZDmjqALJaU8aQYDwmN0rD+LKfj1HaU3gfMxLj2LBlUy6yg" +
        "x8Ulx7vFZGbdsgNroYgbAAbfwrszZcOYLgr7I0vLtCCRgxZhdDNWlgHP/sLuMQKax0uMi5Di/2GLh2owkQW6ezDKoQ" +
        "LpSyYB13CeTTPEV5i4mkefrMVKjpk3SHlXzVix5EsSjyGYeEzR7SwgHky7iWgTD4OqZspdFnPqziwI+5JXYEZSTApR" +
        "lCGZigor+UcTMHyylRtY1KXt4qexkmo8PXR7PrpA8xj9OwzxtSs+uANYgkAz2VlS5ziry4W/i5jxJ5lrKTnuK4mw1g" +
        "yV2FAKQ8UjMGbiYDcbgyZvRAVg7QL5G6g7Yxy99okpo3nGhgvTBnIXPUIStrYyyknCFWmxAVEoXcMGETyCfHpdGGIC" +
        "+4DVlhRo9RW0wIxWQMjRoMIMmbn8+2Nkaban8YhsAWnzbSHWyqzFEUZxk1aWTzHYcCe5wAEAn6CfuDZc4FtWr6MvTj" +
        "mICDSmNcV6Koc3CSJXsZRAQgt/wmB3mkV5llDWb0NVGBW0gUZ+b4P9DZJHFIN3srVYwzOYeBjoOgZ9oGy7j6IINnhU" +
        "jnjJ8GYwSGxFHlxMZHXNR0Jemhu3AEFryjTsrsniJnJG1ooPFCDGzEYtzgEo3TbysaUIPzapPoS4YYI5d1MNynhwJQ" +
        "UoFjbjGDZS1cWGdDODyAaR3DmMvyc9EHeHz4pRmMpaR8SJ88XtzrkWG1no1TeFWxRsy5PmXwMXNLct7BSdegNAwsSq" +
        "6qPaEkLrhUpOjpz+XsIlXUueHhu5EUkYHJSknGJ1KRaKp3c/QxxLoifVzkCq4Qn36JXUpGYGK8iGP7IDbSSGH7kwoR" +
        "F3PCkp80meLCuXtqMQ5rfaWpAfiRBK9Tjty3yn7DAvI3P3RhTGc5fgqwlVjEFQTElZkRyT1aqzlCgg2AnKwyFxslnS" +
        "rXl9dHlu1cPe98WosXDMwSvA0CxkZ3lWtXg+RsgDQDcWCFETk4Vr6BsJhjqRo4lmgwXLuVcQ+0zAVgRaaqHPdpFS2r" +
        "vOs4CxvTLzaaQMggFc+oBuZik1gicE74I2tyEq2MlCFrPEVzwCxBfGYALPl7P7qEZjznaV7VOKGBBUUpB/34XjQneK" +
        "o3ouLwwLUyN/Imj4d8fVTDftQzQ+N6jPzJVmNQBMQ6IcIbqMSnzjSWy3aBrfGSHuJDqP0kHH9qsIF4YY2sZJuKGP6b" +
        "aIP5GQnIv7WwYuKQEXfSHsw5USxLAv9wxhIYvMTYZsG4zUoVNPnROsqDsxPkeXVMr/paFPnDkK41eZNar78BiBDYbW" +
        "XJFGjVoXaBv748eXzZo3A3SGsWVCspSOUya5XTQAuRwYJ7a4Pba0GARQoQhmmandaJnFEqFHnUT04wePxaWkR8gX3D" +
        "mMTAGT8Jo5zhjSgYF+Xbl9N8ZBPoefwSyB25FzPzu0pUq6BFedU0quEsCZGJwbiM1b+A9JOOTiboCwvL2MfOZJecOm" +
        "qNzQYwszj5BW0oXMPtW1J3G4Y0LRfPoKRBQLZg53kp42Xx7CaetkRfxQ8AHQAgXMPtW1J3G4Y0LRfPoKRBQLZg53kp" +
        "42Xx7CaetkRfxQ8=",
    ),
    expected: {
      serverName: "shop.example.com",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x0304, 0x0303],
    },
  },
  {
    client:
      "Chromium 156 (GREASE, X25519MLKEM768, an encrypted ClientHello's outer one, shuffled extensions)",
    bytes: Uint8Array.fromBase64(
      "FgMBB98BAAfbAwNpHzJpxNXLWzDO1mO1kxnnVNo+XOBoaKRwUUty1Jwv+SDERdmJm4tpBs+1Nq82QRQyVRwkgQXJKY" +
        "0QDKin9zTO0AAgWloTARMCEwPAK8AvwCzAMMypzKjAE8AUAJwAnQAvADUBAAdyqqoAAAArAAcGiooDBAMDyjQAugC4" +
        "BYLfEwIBBYLfEwIGBYLfEwINBYLfEwIOBYLfEwIPBYLfEwISBYLfEwITBYLfEwIUCIOaZIybLQEHCIOaZIybLQEICI" +
        "OaZIybLQEJCIOaZIybLQEKCIOaZIybLQELCIOaZIybLQEMCIOaZIybLQENCIOaZIybLQESCIOaZIybLQETBNZ5CQEE" +
        "1nkJBATWeQkFBNZ5CQYE1nkJBwTWeQkIBNZ5CQoE1nkJCwTWeQkMBNZ5CQ0E1nkJDwAFAAUBAAAAAAALAAIBAAASAA" +
        "AAIwAAABcAAETNAAUAAwJoMv4NARoAAAEAAUYAIKNVMhNggJaUgBuudn8Zy97AncN/msGaNz8/BeFNq6ZAAPCfgsSX" +
        "zhL7B/ahAvqxrCr3K5HDGdlCy2mMMrAbt0/c9eCVBLWiOrftq++nqxTXYzI7gfB8KgJlDdg1NS7g2vfJTfPUgqAv3H" +
        "/OgHqfnjK+pb0yjk2CgGXSsxmp+VTRooYJnmjij7C9y6/PNBTwjFgRKIX2NpWKNSs9dvC/4UH5aFocxN15BYgH5yGU" +
        "kJjbfrCtfKZXdEV5IUnBt3Wbsbhvgx7YHgOUfN2j7QOZFHmyTCoIKH8Vej26pL1Bu1Jn1FIccnPsyWuihSGL0mut1k" +
        "j/79TSkarxUzNBzC/M2Smyy36wvy4w1pKfzM62Z+sqpZ0ALQACAQH/AQABAAAQAA4ADAJoMghodHRwLzEuMQAAABUA" +
        "EwAAEHNob3AuZXhhbXBsZS5jb20ADQAaABjq6gkECQUJBgQDCAQEAQUDCAUFAQgGBgEAMwTvBO0aGgABABHsBMC0G1" +
        "3NybETu2jlrDDuNz5zAQ36kSwZ8bFQnJroc4pKl4Z7pRqDQDDulC7ACIyshGE9o834NBqpIRPPC234pqV8RQ/RsJqx" +
        "d67RioZT4r1/PDyd2EelgZST1XjuBSldcTwsW3KcornYWRUYCheusQjNPKY822IMG0Yv85+9hXkl9qfbWH7ZZzZHsK" +
        "481wuAooWn8Q2ogF5MiGad9xK7M4cB7Kt6NYW1O7mspQtZMqbQYDYLTLObqwea6Vd7NUr8poFyOIqZhqhAEsFxujG7" +
        "+XSduT7Z2aZlObFwmQTbda9RoYudkJgLigbsaKq3S7o2cXlyg73skIeuUystMxxlMGf2XHPYgDLgGkaxM74kCJPQJB" +
        "MLyWQC9VH4i53as6+7ZsMsax3iGprhGVr4NGKlCaISAJuXxBq8cHV2M4kgU3ORl1sNuX7crCQuaip+WF2tRBagjBc9" +
        "eJDzpnN/URyztl65QIqSslWsEap6eGHfRYgU2TGZpRbz9LV58R0pQpGl5SwBpXRQ3KffNZG2Omnh9Ci5NDfM5kNPmy" +
        "GldBIrtxMIasyjZCTbWTE5SmqWSBXXR2LtB3OxTJ7EdQR6xSjOCmbmLLSwMKJE2y6yEBId8pmzpRnKuqaLRGHAAciC" +
        "K0rV6CT7YFy/IGHrUMj62YLkpYOMF1TRiGx9WMXR6yBHp1cyVm1XAMF4gKH+5LeK1wv/WkY3KJUdSjOp5VN9szvU2K" +
        "39aZH6GVLhmxeeEW/OvBIGeKpW5pTydcgssR9wUUYi2YIiLCr6ErzQNzqN0lvhF8Kxi87O0cG1AsVxx6UHlikoyaZn" +
        "q32Aa24HvA+7NwLkEhf50MVYF2VKorgajDfVYbWw+1KiJs8U1yTmtZnFMAXiYHi17EJuKSJByiRfCcjBwnzJ1c4EyR" +
        "mRGhbwpi3axkNF9CNOFxVPhUwvTMWAWjF6vEv4+EPzAzu6rHUhU2IwXIT4F49I+A7vYL/GmVqvpblSkHq7dhxHpw8b" +
        "rJ3XhRFudsAffLhROXnTJVQYh3quFKaaPAIYWpKA3Gf845XJmQzpMCW7400mgc/4e6Ay97mpIcnIBl6ULH5dZReqFX" +
        "oUmQdiIgrup0BN0Jc2AXlmVLj4Y2nNusT1QB7tiEA26x/fuFXcpR4e+l9ndLr0+L0ZhHyxIKd7d3s4gnZ8Vaz4SW1P" +
        "mqAKcZFBaRL9kMbV0F2AprHYGniyIqJ42ah1KIFT2WZWib0Ik6vdqkRlh3yihwfYAHLWOrpM0jZ06wtt9FktanQnfC" +
        "k+tLMoVcl5rDPyqnoR8DpFJ1HcKqPTJl7E4pKaYiLYZjAz5SVKfLKB47Kk/GoENgPekX6Ni5O+S0Xagyi9GzglYFlT" +
        "wJstBleleqIkhKjaZjKVW4ESrGsksSI1lmxGuX52clXs4yIXDDLAYj6LYnkckBvlZALtvE7Oq36cW4YWOKG2uk1CVo" +
        "QzYqsfFmf/qCNCIaRpMDVGKoLb9a1xmZeEeFzY5ZmAoUNT1EsgCYJuujiMu4pNSFFTKlCqNw8WYVrX+k+Lg6VV0bEZ" +
        "xLqzrTnnRkDVQBHz6VXzg0FRcY/5UhGn2Ctwp3kfM8IcQz4pl8MDNJZb8aJLUEG9dCCpYzRdBy0muq98nRw6tnQnAB" +
        "0AIDn7QzO+toXF5vQHixUQAWj/W9b3j0fIqEErqcg6/B0GABsAAwIAAgAKAAwAChoaEewAHQAXABgqKgABAA==",
    ),
    expected: {
      serverName: "shop.example.com",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x0304, 0x0303],
    },
  },
  {
    client: "Firefox 153 (X25519MLKEM768, an encrypted ClientHello's outer one)",
    bytes: Uint8Array.fromBase64(
      "FgMBB2YBAAdiAwPmo5YLdv/yZ8tag8kIGoo6xGbnkRNbjglgE8T7kQyeUCBA43mE+vnrUh13+sPL5W+pbdO6S165R1" +
        "Cww4eCEx+9DQAgEwETAxMCwCvAL8ypzKjALMAwwArAE8AUAJwAnQAvADUBAAb5AAAAFQATAAAQc2hvcC5leGFtcGxl" +
        "LmNvbQAXAAD/AQABAAAKABAADhHsAB0AFwAYABkBAAEBAAsAAgEAACMAAAAQAA4ADAJoMghodHRwLzEuMQAFAAUBAA" +
        "AAAAAiAAoACAQDBQMGAwIDABIAAAAzBS8FLRHsBMBtlsYr2REJ+GGex0or+znQ5FdKJ5mmeq4FFVBi+6D4VmM3YkVD" +
        "wCvZWM/ZcCmmzLrh67hDZczfdywI2l9z2XBmiJpocRJPxmNS2B3chxDFFGiY2SfU9T9Iy7BZ0LjUV1AYIT1UBbFFxx" +
        "kCXAx2kFi6/ByOQ6JPPIfE4Ys8e1HRtTaoYaTR4SjZwZEhdMQa6heccZyH4zB3tTO3AQn+w5fUOscRekrz4wXYqmiE" +
        "eCPveR7/ZXtlY6pfa1HXtceM6EPuAjYyar29fG+phZzeMrrou2pZtVPCUj8yF0I5ljDPQ8baOU50c1+cl6b6B7dhR7" +
        "uZjFffMV03p15XdL2zeF2VlGWndRWtKodHKW/dFMKpNDb+xxghFxPrMFWJs2ke9sO8ZiFHVsWHqK1tF0jO6q7+oRW4" +
        "YGks+EJ8UwxzCL8c6W9+fLbnnB0eszhmeF2b2z1RYy3O+VHvND19ZzBrib7LxB/VV3wzfMsIo56IkaILUiAf+S8koI" +
        "lnBHAyc5c4PKGx86UmFUzQqYqrU33ShDtS2KfXWLLqRjmmOYSczCPGoTtcK76Z41ZNum52iRokEDwasVUuR1nNcIeg" +
        "xZy7e2Ro9Jw9Y3B6CWjDQr85RFfTuJ3tlx8N5Z3XDHT4pa5mt4H/9rSVjE8UOb+bV0KMUj4620p3lnJixEf3Jwr48K" +
        "Q+tTYAg0t2M8AwmCR1m6zOCyXF0goDhgIaywXRtJhfaWl6xogf04roh3racEFmOCjnFSEk1sc8N4r1m7EWo0ihFFAj" +
        "JlDmU3XCM2uni2DNOZ2CQreYQVSr5j0Fyrh6/DdIoIm1EDxop6fKlB3pCLk6qhFI2n79NWeaQQcgwMPQFZHjgHk1JM" +
        "QvslreqQd0aZk70J1Ka4ofpXybJzD4KEfKZcrh2isnmgQhKpzl2AP2inaQV67nxmQOIjjNc6x7cGV0hxvvIneAy7NH" +
        "m4BDqX6bOQZ5yBycpVRqJ7iQqQwVuGBPFAyEmc4m0m66ojbR21NBDDs5ug//pQkt8cSYZJm7ubKrV1iTxjIOmh7E8F" +
        "lfomwndILjklHiiybCBQA/jGUbeaKqWUwzrLfk8lhFXIe8p5BaJ4zHFcXq6JM0mC2hlGBlQpAzmnO7abSeJxXIpWok" +
        "qFQvQXDpDAcsWaywIB8TE2dfcwSfSloT/HOwq3PM9QPohp9h8DIxYgxGZAgcGyPqMQNPCRa48LaUUZAdw2Nf1aWQVH" +
        "GKXI9JtUfSlT1uVXFtNT2qWj/oEaiSl7JcE5MYNLXnnBBlhqdExpshpXUe6Kfe6EZWA4IrsDpmpRf61gEAfTyS4R60" +
        "KVkwxbKTmTv1HIEbN4lQ6IQ1cJWxy424xlgAwlL2TJtR+mCleWmJIzNveW1mxa9COJ51xltRDH+TVCKV62EZ6geUxp" +
        "6K2KC53G29jACeND37mY/vZUJhXBaLi3VyhAd1C0FvURgKwD9yarmgyIFiqTkreCjfiYyXcCOpmYPNJRlBsB0fK4gx" +
        "8CEjao28EiEcqcyQe7hGEajOVTgLtTLqVp/J+S89MbctZj/a1dWG6L13RkvZ8vriqlD4Bgu5ur7fVgKCIVo+aF4+Jz" +
        "kR/hFH0XB8dKGVcoSj/8z2nqpbDlFqxhluO4QkVQhIAB0AIDkR/hFH0XB8dKGVcoSj/8z2nqpbDlFqxhluO4QkVQhI" +
        "ABcAQQS7j17NlJ0nNJsDG1mcrQ2SFkbu2bBQl8HG5ygZMMgXg32hNVWwzvEiL9d6+d8S6ZdxnHdd59gLtdVAy6Xoz6" +
        "y/ACsABQQDBAMDAA0AGAAWBAMFAwYDCAQIBQgGBAEFAQYBAgMCAQAtAAIBAQAcAAJAAQAbAAcGAAEAAgAD/g0BGQAA" +
        "AQADDAAgfeMOXN7Tq0nmxNM/fLZdtH5CWh7PPzaxMQ9xmmrJbPQA76sDKQuaAp5E356/jRj5L7rVAJAuqF4IdrBboi" +
        "deUNljc2ZoKvfYnl3nQkEynS1NlF/gbYHD4HwauoyWjbPB1ylML3JEKvmu9Zd8FrFGRkavBofqMlKZF5sxRfIskAfo" +
        "I9My3yNG3MHtsspcwbmh2z+2adxtV2PpWoV1LhmzBAGQj48OBfCUKEQuxFEo6RJcGSw7OgTT9zFmGdRvqXMQz1LlY8" +
        "FLO68TsulsNVS2kQGp9ja0STpuQzwMPN2jC6F+3VWs6aAyaT5/6KnrVWy/2K37PudEwC2A726hguyuTzXYvQC2rarN" +
        "5Np6ynC05H7F",
    ),
    expected: {
      serverName: "shop.example.com",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x0304, 0x0303],
    },
  },
  {
    client: "Chrome 133 (GREASE, X25519MLKEM768, an encrypted ClientHello's outer one)",
    bytes: Uint8Array.fromBase64(
      "FgMBBrkBAAa1AwPYRAM6pdCxJD/vbSEUa9Lhb5h0sGFS+YXLFJJaT7sgzCCBJBPfFI6o5dBrphW0qygDqcCmSJxglh" +
        "bR12/rlOu6EAAgqqoTARMCEwPAK8AvwCzAMMypzKjAE8AUAJwAnQAvADUBAAZMiooAAETNAAUAAwJoMv8BAAEAABsA" +
        "AwIAAgAzBO8E7fr6AAEAEewEwJU7oHzwwSBXUp7wJHmhTrr5T/ssVkKrjR5MUaKcNp62A6mFJ7N4P/zUkpcqVszwDU" +
        "J7xabnctrZd+uxNI5hMwv4BIGbS75hCZegMkrjZur3n1tkMOqckHBWcz3BtJEpMIpLMjr1KsJWbcmizrugpsjhPnPb" +
        "PAAXCGILspRiJc+BI3B6Kb9chsFzfCuMpfpTZ1xnTwthitXmxw3MKBekZivMm+IQkDo2AglgRiPWOUAUFbh3JnxzXy" +
        "vxtvYgxUDzZQTCkBsyCP8ChRD2oHSlyqiBY7Gpi1ORL9aKNGtpeo9Ci7qEz2QoghI4Faa5C178rb5XYsWDC7cSTgeB" +
        "rSSmeD4xZJnBBqncuYnSi/aRf8mzdc+wSP1JAPXQowHif12pzxuYscVQd7kCXSpRYQ1jIc1ELcZlCc4DMkETS2oWeA" +
        "ADMaQmf9LSF2XsUaiTGjxLGz8ssumjC1lHNInxDgfYRonHaDn5Zm65LD3kEJLIU4OSZjqRKEBJBq5aadLabb3YiQ8i" +
        "hrIoE3Ihyob8xF31dAwHA6ZnU/tgj2mEXT0KCXonJAeJxFFwd8qUAoRmCVlRBpKiisi8dnMAUSN8w71MqhbiOH+hT5" +
        "74Keg5aU3WAns4cp+SplXTFYMheHDgiZSjBfoyR3zQnQy1BcQcN7aGSJ+wGWHgmG1bUbVcJy1hQDHwy2QhnPeStnZV" +
        "kDPaPSnkOdMHSX6Apa8VKQIGbTz5ytwAz6cBzgrnL2ZkA2srYt9LI9h3a7wULaJAuPSxlrR2gUksul1YrJUkQqVzAa" +
        "GyeKADwY0FHpM4VBjmEQwYIluEszMLHMLmkBZoZdGWGKL1hPkRU8LgbTP1seoSWXJJfAkmevCifHJzJvWcc3gUpvfU" +
        "dwyaxYUhZCKQfoBojsghiLpRfLnzasJwAecIETRUQ4SrzZhxdbMMKO9bUtcWGLZYHP4QAfszfU1CnEujHChKa+xLv6" +
        "sCrhpgSjKZtZhRyfmmLr1kwQaap4iCh3W7Ck14uLuphalzNPBVhdO5pze4gdF1aev3kiaAQmnYzmIlRY6lWN+zfYMh" +
        "ixR6nN+7eqlTyLAEo0vgirL5VtDro1jwU2DCa4e4GYagBJLzbQOGyBArnQh0kMmEhfOpfNsDiR2Vd9KoZtQ7q/bKfJ" +
        "DMIPNzUAlqGF/0DgXgvYP7HlVcjVAjmVeHKDmrJ+UCebCUsoJpKIl6XYsUQA1LBQeSfiBKhzs3dGd0Qc8EvDqAD0sJ" +
        "qejohBIUBL6kXCIHzuwgPDp0iCdUVkUQG3eGay6ZYcSaDauLQc6Ddvp2m1b4TP4XzNGKtKqBtGycgkz0FIkGltcyBn" +
        "WVo0Y8ni0mI68Dn4mkIVTyvSpMqV7krAsIuBuKTiSgspDUfB1IZCA4FbfcYfAjP5ESRHnmTPTckZfVh2q6ZXEVHGJy" +
        "fju1drCpFrMAisjhs4K5MQOGdEuEPdcoXXRiTq8WX3EcoxkCzJXlnXyowfgoYgLoYkbVZg0JnLugjpLhiRKRc/4hFs" +
        "tIxZmHtme0lkayrdgUXgR4EmucGMjoLYwvs/m5o6y5XwlaZ5SAN/DI+UIt1FOZI2PsbYz3Iw6/OxVTmqUeOLz3XPmc" +
        "CEq1gBGRlMMOauORvE4ZwtM7YDYAHQAg8gFtfymBN8gxeKNc0B3p4yS+mLebmBkOtlZkSWcWcAoACwACAQAAAAAVAB" +
        "MAABBzaG9wLmV4YW1wbGUuY29tABAADgAMAmgyCGh0dHAvMS4xACMAAAASAAAACgAMAAr6+hHsAB0AFwAYACsABwZa" +
        "WgMEAwMAFwAA/g0AugAAAQABRAAgJAqn5pmuGk//R7QD8Btrxf9Hi5FClhAU9kG3OnWv1A4AkEa22e/Ftd0RXzEFku" +
        "wjNZBiCN6qsyuOelXxDvn1gvV/8WqcBu/DhVh513b05JVS2ePDpJFq5GImLG7QPpoIKYhQIuVhHHVLzjY0n0DeggqV" +
        "jBgmPzkYMgiTLe+6hphaxgPY0EdRYaVWPCxs2Y1MXsTDxD4Px7v7Gr/WL9AlQEwKyLqCPC8ouLFspWbjnVlByAAtAA" +
        "IBAQAFAAUBAAAAAAANABIAEAQDCAQEAQUDCAUFAQgGBgF6egABAA==",
    ),
    expected: {
      serverName: "shop.example.com",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x0304, 0x0303],
    },
  },
  {
    client: "Firefox 120",
    bytes: Uint8Array.fromBase64(
      "FgMBApMBAAKPAwPZtF5mAfCi7yFru0dONe+57QLG/8gyhQ50K2DgPAY0UyD4WE+fdPqupM3ARKR2C12OAA3uFld2UA" +
        "lZDqZ/zXfMnQAiEwETAxMCwCvAL8ypzKjALMAwwArACcATwBQAnACdAC8ANQEAAiQAAAAVABMAABBzaG9wLmV4YW1w" +
        "bGUuY29tABcAAP8BAAEAAAoADgAMAB0AFwAYABkBAAEBAAsAAgEAACMAAAAQAA4ADAJoMghodHRwLzEuMQAFAAUBAA" +
        "AAAAAiAAoACAQDBQMGAwIDADMAawBpAB0AIHPXxl3mU5B/HBdedfbKNIAPbp3xPyGYJxphFSqH5eYMABcAQQRvSNh5" +
        "RZ3cEdMT2py/55ME5ThFwyZCIdrn4H4QM7cV535TQzU9IWIbeqXCQvz95bLZ2VxHNphLq6jDSufK2aojACsABQQDBA" +
        "MDAA0AGAAWBAMFAwYDCAQIBQgGBAEFAQYBAgMCAQAtAAIBAQAcAAJAAf4NARkAAAEAA5kAIOidg51eU//2iFbmdg8r" +
        "YxtXZp1QMyeawLpT592AJ60wAO/ZTT6vSydm3ZQB8amaitxTMjO/PO9omGW595IZU82tDDEXd3KWsjtkdRdUF2Mp3T" +
        "XO87BBKcj7flGhwQh+/T2eOxzHgb70XxeDsd7E+tErcm4sm/WaM2e0ZEe6K28dhWM7j0dG7E2z6yZtXyZY8K5lHs6Q" +
        "Ah2KeEEfHkQseCZmM/lP9KqG0LM7K7JOQcoVt0luFn9DTcaI+PeQ4IJc9+m+iqWPEuQYEpAofdMSTMtFA9w7BMXaPs" +
        "0jfQkUqWo6nu2gBD3qvsgSpSE+72C9zQ2CrQTv7UA+JfXdg0ZWh+hnDqQi+7fdNUTmOBel8+Yd9w==",
    ),
    expected: {
      serverName: "shop.example.com",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x0304, 0x0303],
    },
  },
  {
    client: "Safari 16 (GREASE)",
    bytes: Uint8Array.fromBase64(
      "FgMBAgABAAH8AwMdRjXc8y559fd1AIrqn6ywswKDM/nFjq7fu31L0HLyPSDigM+K+0E3cMrYP8cBhP/hWPuy+lB6E+" +
        "/RBlvGxTBjsQAqKioTARMCEwPALMArzKnAMMAvzKjACsAJwBTAEwCdAJwANQAvwAjAEgAKAQABiTo6AAAAAAAVABMA" +
        "ABBzaG9wLmV4YW1wbGUuY29tABcAAP8BAAEAAAoADAAKysoAHQAXABgAGQALAAIBAAAQAA4ADAJoMghodHRwLzEuMQ" +
        "AFAAUBAAAAAAANABgAFgQDCAQEAQUDAgMIBQgFBQEIBgYBAgEAEgAAADMAKwApysoAAQAAHQAgXOVMPJwpKW1uidKr" +
        "FnM8FiZijYzsLnfT4FyqkFIWwFAALQACAQEAKwALCkpKAwQDAwMCAwEAGwADAgABWloAAQAAFQC+AAAAAAAAAAAAAA" +
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
    ),
    expected: {
      serverName: "shop.example.com",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x0304, 0x0303, 0x0302, 0x0301],
    },
  },
];
