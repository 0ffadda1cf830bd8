//! Which addresses may be reached: those of the public internet, and no others unless they were named.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::IpNet;

/// Why an address may not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This machine.
    Loopback,
    /// A network of one's own.
    Private,
    /// The neighbourhood, where clouds also keep the credentials of machines.
    LinkLocal,
    /// No address of one machine: unspecified, multicast, broadcast.
    NotOne,
    /// Kept for documentation, benchmarks or the future.
    Reserved,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine",
            Self::Private => "a private network",
            Self::LinkLocal => "the local link",
            Self::NotOne => "no single machine",
            Self::Reserved => "reserved",
        })
    }
}

/// Whether an address may be reached. `named` are networks that may be, whatever they are.
pub fn check_address(address: IpAddr, named: &[IpNet]) -> Result<(), Refusal> {
    // An IPv4 address inside of an IPv6 one is reached as what it is.
    let plain = address.to_canonical();
    if named.iter().any(|network| network.contains(&address) || network.contains(&plain)) {
        return Ok(());
    }
    let refusal = match plain {
        IpAddr::V4(address) => of_v4(address),
        IpAddr::V6(address) => of_v6(address),
    };
    refusal.map_or(Ok(()), Err)
}

fn of_v4(address: Ipv4Addr) -> Option<Refusal> {
    let [a, b, c, _] = address.octets();
    Some(match (a, b, c) {
        (127, ..) => Refusal::Loopback,
        (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => Refusal::Private,
        (169, 254, _) => Refusal::LinkLocal,
        (0 | 224..=239, ..) => Refusal::NotOne,
        // 192.88.99 was the way to IPv6; 192.0.0 is for protocols.
        (240..=255, ..)
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (198, 18 | 19, _)
        | (198, 51, 100)
        | (203, 0, 113) => Refusal::Reserved,
        _ => return None,
    })
}

fn of_v6(address: Ipv6Addr) -> Option<Refusal> {
    if let Some(inner) = embedded(address) {
        // A way into IPv4: as good or bad as where it leads. Whoever needs one names its network.
        return Some(of_v4(inner).unwrap_or(Refusal::Reserved));
    }
    let [a, b, ..] = address.segments();
    Some(match (a, b) {
        _ if address.is_loopback() => Refusal::Loopback,
        _ if address.is_unspecified() => Refusal::NotOne,
        // Unique-local; and site-local, which nobody should have any more.
        (0xfc00..=0xfdff | 0xfec0..=0xfeff, _) => Refusal::Private,
        (0xfe80..=0xfebf, _) => Refusal::LinkLocal,
        (0xff00..=0xffff, _) => Refusal::NotOne,
        // Only 2000::/3 is the internet; within it, protocols, ORCHID, documentation and segment routing are not.
        (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x3fff, 0x0000..=0x0fff) => Refusal::Reserved,
        (0x2000..=0x3fff, _) => return None,
        _ => Refusal::Reserved,
    })
}

/// The IPv4 address that an IPv6 one leads to: compatible, NAT64, 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    match address.segments() {
        [0, 0, 0, 0, 0, 0, ..] if bits > 1 => Some(Ipv4Addr::from_bits(bits as u32)),
        [0x0064, 0xff9b, ..] => Some(Ipv4Addr::from_bits(bits as u32)),
        [0x2002, ..] => Some(Ipv4Addr::from_bits((bits >> 80) as u32)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, check_address};

    #[test]
    fn only_the_public_internet_is_reached() {
        let attacks = [
            ("127.0.0.1", Refusal::Loopback),
            ("127.255.255.254", Refusal::Loopback),
            ("::1", Refusal::Loopback),
            ("10.0.0.1", Refusal::Private),
            ("172.16.0.1", Refusal::Private),
            ("172.31.255.255", Refusal::Private),
            ("192.168.1.1", Refusal::Private),
            ("100.64.0.1", Refusal::Private),
            ("100.127.255.255", Refusal::Private),
            ("fc00::1", Refusal::Private),
            ("fd00:ec2::254", Refusal::Private),
            ("fec0::1", Refusal::Private),
            ("169.254.169.254", Refusal::LinkLocal),
            ("169.254.170.2", Refusal::LinkLocal),
            ("fe80::1", Refusal::LinkLocal),
            ("febf::1", Refusal::LinkLocal),
            ("0.0.0.0", Refusal::NotOne),
            ("0.1.2.3", Refusal::NotOne),
            ("224.0.0.1", Refusal::NotOne),
            ("::", Refusal::NotOne),
            ("ff02::1", Refusal::NotOne),
            ("255.255.255.255", Refusal::Reserved),
            ("240.0.0.1", Refusal::Reserved),
            ("192.0.0.8", Refusal::Reserved),
            ("192.0.2.1", Refusal::Reserved),
            ("198.18.0.1", Refusal::Reserved),
            ("198.51.100.1", Refusal::Reserved),
            ("203.0.113.1", Refusal::Reserved),
            ("2001:db8::1", Refusal::Reserved),
            // Teredo, which has its own way to IPv4.
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Refusal::Reserved),
            ("4000::1", Refusal::Reserved),
            ("5f00::1", Refusal::Reserved),
            // IPv4 in IPv6: mapped, compatible, NAT64 (the well-known and the local prefix), 6to4.
            ("::ffff:127.0.0.1", Refusal::Loopback),
            ("::ffff:169.254.169.254", Refusal::LinkLocal),
            ("::ffff:10.0.0.1", Refusal::Private),
            ("::127.0.0.1", Refusal::Loopback),
            ("64:ff9b::127.0.0.1", Refusal::Loopback),
            ("64:ff9b::8.8.8.8", Refusal::Reserved),
            ("64:ff9b:1::10.0.0.1", Refusal::Private),
            ("2002:7f00:1::", Refusal::Loopback),
            ("2002:a00:1::", Refusal::Private),
        ];
        for (address, refusal) in attacks {
            assert_eq!(check_address(address.parse().unwrap(), &[]), Err(refusal), "{address}");
        }
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(check_address(public.parse().unwrap(), &[]), Ok(()), "{public}");
        }
    }

    #[test]
    fn a_network_that_was_named_is_reached() {
        let named = ["10.1.0.0/16".parse().unwrap(), "127.0.0.1/32".parse().unwrap()];
        for good in ["10.1.2.3", "127.0.0.1", "::ffff:10.1.2.3"] {
            assert_eq!(check_address(good.parse().unwrap(), &named), Ok(()), "{good}");
        }
        for bad in ["10.2.0.1", "127.0.0.2", "169.254.169.254"] {
            assert!(check_address(bad.parse().unwrap(), &named).is_err(), "{bad}");
        }
    }
}
