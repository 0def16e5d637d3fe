{{ versions(ref('product_state'), 'product_id', ['sku', 'name', 'category', 'subcategory', 'current_price',
    'currency', 'is_discontinued', 'discontinued_on']) }}
