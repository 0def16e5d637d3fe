{{ versions(ref('customer_state'), 'customer_id', ['address_line1', 'address_line2', 'city', 'state_region',
    'postcode', 'country_code', 'has_gdpr_consent', 'is_vip']) }}
