//! How whole numbers are written for readers.

/// A count with its thousands apart, from 10,000 on: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let plain = number.to_string();
    if plain.len() < 5 {
        return plain;
    }
    let mut text = String::with_capacity(plain.len() + 8);
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_apart() {
        let numbers = [0, 312, 9999, 12_857, 123_456, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "312", "9999", "12,857", "123,456", "1,234,567"]);
    }
}
